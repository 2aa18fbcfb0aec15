using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Configuration;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Tests.Bootstrap;

public sealed class BootstrapLoaderTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-bootstrap-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Load_Nothing_IsNull()
    {
        Assert.Null(BootstrapLoader.Load(_ => null, null));
        Assert.Null(BootstrapLoader.Load(_ => "", Configuration(("Mesh:Domains:0", "shop"))));
    }

    [Theory]
    [InlineData(true, true, true, "from-file")]
    [InlineData(false, true, true, "from-variable")]
    [InlineData(false, false, true, "from-configuration")]
    public void Load_SeveralOrigins_TakesTheFirst(bool hasFile, bool hasInline, bool hasConfiguration, string expected)
    {
        var environment = new Dictionary<string, string?>
        {
            [BootstrapLoader.FileVariable] = hasFile ? WriteFile("from-file") : null,
            [BootstrapLoader.InlineVariable] = hasInline ? Json("from-variable") : null,
        };
        var configuration = hasConfiguration ? Configuration(("Mesh:Bootstrap", Json("from-configuration"))) : null;

        var config = BootstrapLoader.Load(environment.GetValueOrDefault, configuration);

        Assert.Equal(expected, config!.Node.Id);
    }

    [Fact]
    public void Load_WrongFileAndGoodVariable_IsStillAnError()
    {
        var environment = new Dictionary<string, string?>
        {
            [BootstrapLoader.FileVariable] = Path.Combine(_directory.FullName, "nosuch.json"),
            [BootstrapLoader.InlineVariable] = Json("from-variable"),
        };

        var error = Assert.Throws<MeshBootstrapException>(() => BootstrapLoader.Load(environment.GetValueOrDefault, null));

        Assert.Contains("nosuch.json' (environment variable GRPC_XDS_BOOTSTRAP) does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ConfigurationNamesAFile_ReadsIt()
    {
        var config = BootstrapLoader.Load(_ => null, Configuration(("Mesh:Bootstrap", WriteFile("from-file"))));

        Assert.Equal("from-file", config!.Node.Id);
        Assert.Contains("configuration key Mesh:Bootstrap", config.Origin, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ConfigurationTree_IsReadAsItsJson()
    {
        const string AppSettings = """
            {
              "Mesh": {
                "Domains": ["shop"],
                "xds_servers": [
                  { "server_uri": "cp-0:15010", "channel_creds": [{ "type": "insecure" }], "server_features": [] },
                  { "server_uri": "cp-1:15010", "channel_creds": [{ "type": "tls", "config": { "refresh_interval": "60s" } }] }
                ],
                "node": { "id": "me", "locality": { "zone": "z" }, "metadata": { "GENERATOR": "grpc", "LABELS": { "app": "web" } } }
              }
            }
            """;
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(AppSettings));

        var config = BootstrapLoader.Load(_ => null, new ConfigurationBuilder().AddJsonStream(stream).Build())!;

        Assert.Equal(["cp-0:15010", "cp-1:15010"], config.Servers.Select(server => server.ServerUri));
        Assert.Empty(config.Servers[0].Features);
        Assert.Equal(new TlsCredentialsConfig { RefreshInterval = TimeSpan.FromMinutes(1) }, config.Servers[1].Credentials);
        Assert.Equal("z", config.Node.Locality.Zone);
        Assert.Equal("web", config.Node.Metadata!.Value.GetProperty("LABELS").GetProperty("app").GetString());
        Assert.Equal("configuration section Mesh", config.Origin);
    }

    [Fact]
    public void Load_ConfigurationTreeWithoutCredentials_NamesSectionAndPath()
    {
        var error = Assert.Throws<MeshBootstrapException>(() =>
            BootstrapLoader.Load(_ => null, Configuration(("Mesh:xds_servers:0:server_uri", "cp:1"))));

        Assert.Equal("configuration section Mesh", error.Origin);
        Assert.Equal("$.xds_servers[0].channel_creds", error.JsonPath);
    }

    [Fact]
    public void Load_ConfigurationKeyAndTree_IsAnError()
    {
        var error = Assert.Throws<MeshBootstrapException>(() =>
            BootstrapLoader.Load(_ => null, Configuration(("Mesh:Bootstrap", Json("a")), ("Mesh:xds_servers:0:server_uri", "cp:1"))));

        Assert.Contains("Remove one of the two", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SymbolicLink_IsFollowed()
    {
        var link = Path.Combine(_directory.FullName, "link.json");
        File.CreateSymbolicLink(link, WriteFile("behind-the-link"));

        var config = BootstrapLoader.Load(name => name == BootstrapLoader.FileVariable ? link : null, null);

        Assert.Equal("behind-the-link", config!.Node.Id);
    }

    [Theory]
    [InlineData("", "is a directory")]
    [InlineData("empty.json", "is empty, or is not a regular file")]
    [InlineData("pipe", "is empty, or is not a regular file")]
    [InlineData("/dev/zero", "is empty, or is not a regular file")]
    [InlineData("long.json", "longer than 1048576 bytes")]
    public async Task Load_NotABootstrapFile_IsRejectedUnread(string name, string problem)
    {
        var path = Path.Combine(_directory.FullName, name);
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "empty.json"), "");
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "long.json"), new string(' ', BootstrapJson.MaxBytes + 1));
        using var mkfifo = Process.Start("mkfifo", Path.Combine(_directory.FullName, "pipe"));
        await mkfifo.WaitForExitAsync();

        var load = Task.Run(() => BootstrapLoader.Load(variable => variable == BootstrapLoader.FileVariable ? path : null, null));

        var error = await Assert.ThrowsAsync<MeshBootstrapException>(() => load.WaitAsync(Peers.TestTimeouts.Default));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static string Json(string id) =>
        $$"""{ "xds_servers": [{ "server_uri": "cp:15010", "channel_creds": [{ "type": "insecure" }] }], "node": { "id": "{{id}}" } }""";

    private static IConfiguration Configuration(params (string Key, string Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value))).Build();

    private string WriteFile(string id)
    {
        var path = Path.Combine(_directory.FullName, "bootstrap.json");
        File.WriteAllText(path, Json(id));
        return path;
    }
}
