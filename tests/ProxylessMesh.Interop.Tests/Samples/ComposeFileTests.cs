using System.Text.Json;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Yaml;

namespace ProxylessMesh.Interop.Tests.Samples;

/// <summary>compose.yaml, mesh.yaml, bootstrap.json and run.sh of the two services agree with each other and with the projects.</summary>
public sealed class ComposeFileTests
{
    private static readonly string Folder = Path.Combine(SampleProcess.SamplesDirectory, "TwoServices");
    private static readonly string[] Names = ["control-plane", "orders-v1", "orders-v2", "web"];
    private readonly ComposeFile _compose = ComposeFile.Read(Path.Combine(Folder, "compose.yaml"));

    public static TheoryData<string> Services() => [.. Names];

    [Fact]
    public void Compose_Services_AreTheTopology()
        => Assert.Equal(Names, _compose.Services.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Services))]
    public void Compose_Command_StartsTheProgramOfTheBuiltProject(string name)
    {
        var service = _compose.Services[name];

        var context = Path.GetFullPath(Path.Combine(Folder, service.Build.Context));
        var project = service.Build.Args["PROJECT"];

        Assert.True(File.Exists(Path.Combine(context, "ProxylessMesh.sln")), $"{context} is not the repository's root");
        Assert.True(File.Exists(Path.Combine(context, service.Build.Dockerfile)), $"{service.Build.Dockerfile} is missing");
        Assert.True(File.Exists(Path.Combine(context, project, $"{Path.GetFileName(project)}.csproj")), $"{project} is no project");
        Assert.Equal($"{Path.GetFileName(project)}.dll", service.Command[0]);
        Assert.All(service.DependsOn, dependency => Assert.Contains(dependency, _compose.Services.Keys));
    }

    [Fact]
    public void MeshFile_IsValidAndItsEndpointsAreTheOrdersServices()
    {
        var mesh = MeshYamlReader.Read("mesh.yaml", File.ReadAllText(Path.Combine(Folder, "mesh.yaml")));

        Assert.Empty(mesh.Errors);
        Assert.Empty(mesh.Warnings);
        Assert.True(mesh.Directory.TryResolveReference("orders", "default", out var orders));
        Assert.Equal(["orders-v1", "orders-v2"], orders.Endpoints.Select(endpoint => endpoint.Address));
        Assert.All(orders.Endpoints, endpoint => AssertServedByCompose(orders, endpoint));
    }

    [Fact]
    public void Bootstrap_ServerUri_IsWhereTheControlPlaneListens()
    {
        var server = Bootstrap().GetProperty("xds_servers")[0].GetProperty("server_uri").GetString()?.Split(':');

        Assert.NotNull(server);
        var command = _compose.Services[server[0]].Command;
        Assert.Equal(["serve", "--config", "/etc/mesh/mesh.yaml", "--listen", $"0.0.0.0:{server[1]}"], command[1..]);
    }

    [Theory]
    [InlineData("web", "/etc/mesh/bootstrap.json")]
    [InlineData("control-plane", "/etc/mesh/mesh.yaml")]
    public void Compose_FileNamedToAProgram_IsMounted(string name, string path)
    {
        var service = _compose.Services[name];
        Assert.Contains(path, service.Command.Concat(service.Environment.Values));

        var volume = Assert.Single(service.Volumes).Split(':');

        Assert.StartsWith($"{volume[1]}/", path, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Folder, volume[0], path[(volume[1].Length + 1)..])), $"{path} is not in the volume");
    }

    [Fact]
    public void Compose_Web_PublishesThePortItListensOn()
    {
        var web = _compose.Services["web"];

        var url = new Uri(web.Command[web.Command.IndexOf("--urls") + 1]);

        Assert.Equal($"8080:{url.Port}", Assert.Single(web.Ports));
    }

    [Fact]
    public void RunScript_StartsTheProgramsOfComposeAndReplacesItsAddresses()
    {
        var script = File.ReadAllText(Path.Combine(Folder, "run.sh"));
        var mesh = File.ReadAllText(Path.Combine(Folder, "mesh.yaml"));

        Assert.All(_compose.Services.Values, service => Assert.Contains($"/{service.Command[0]}\"", script, StringComparison.Ordinal));
        Assert.Contains($"s/{Bootstrap().GetProperty("xds_servers")[0].GetProperty("server_uri").GetString()}/", script, StringComparison.Ordinal);
        foreach (var version in (string[])["v1", "v2"])
        {
            var replaced = $"address: orders-{version}, ports: {{ http: 8080, grpc: 9090 }}";
            Assert.Contains($"s/{replaced}/", script, StringComparison.Ordinal);
            Assert.Contains(replaced, mesh, StringComparison.Ordinal);
        }
    }

    private static JsonElement Bootstrap() => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "bootstrap.json"))).RootElement;

    private void AssertServedByCompose(MeshService entry, WorkloadEndpoint endpoint)
    {
        var environment = _compose.Services[endpoint.Address].Environment;
        Assert.Equal(endpoint.Labels["version"], environment["Orders__Version"]);
        Assert.Equal("0.0.0.0", environment["Orders__Address"]);
        foreach (var port in entry.Ports)
        {
            var setting = port.Name == "http" ? "Orders__HttpPort" : "Orders__GrpcPort";
            Assert.Equal($"{endpoint.PortFor(port)}", environment[setting]);
        }
    }
}
