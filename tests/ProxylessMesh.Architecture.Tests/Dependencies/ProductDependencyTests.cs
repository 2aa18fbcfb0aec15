using ProxylessMesh.Architecture.Tests.Assemblies;
using ProxylessMesh.Architecture.Tests.Sources;

namespace ProxylessMesh.Architecture.Tests.Dependencies;

/// <summary>The dependency rules of docs/architecture.md, held against the compiled assemblies.</summary>
public class ProductDependencyTests
{
    private static readonly IReadOnlyList<TypeUse> Uses = TypeUseReader.Read(typeof(Mesh).Assembly);

    public static TheoryData<string> LayerNames => new(Layers.All.Select(layer => layer.Name));

    [Theory]
    [MemberData(nameof(LayerNames))]
    public void Layer_NamesOnlyWhatStandsBelowIt(string layer)
    {
        var violations = DependencyRule.Of(Layers.All.Single(candidate => candidate.Name == layer)).Check(Uses);

        Assert.Empty(violations);
    }

    [Fact]
    public void EveryFolder_HasItsPlaceInTheOrder()
    {
        var folders = Directory.GetDirectories(RepositoryFiles.PathOf("src/ProxylessMesh")).Select(path => Path.GetFileName(path)!).Except(["bin", "obj"]);
        var known = Layers.All.Select(layer => layer.Name).Concat(Layers.CompositionFolders);

        Assert.Empty(folders.Except(known));
    }

    [Fact]
    public void Protobuf_IsNamedByXdsAndServicesOnly()
    {
        var violations = Uses.Where(use => use.User.IsIn(Layers.Root) && !use.User.IsIn("ProxylessMesh.Xds") && !use.User.IsIn("ProxylessMesh.Services") && ExternalNames.IsProtobuf(use.Used));

        Assert.Empty(violations);
        Assert.Contains(Uses, use => use.User.IsIn("ProxylessMesh.Xds") && ExternalNames.IsProtobuf(use.Used));
    }

    [Theory]
    [InlineData("Configuration")]
    [InlineData("Matching")]
    [InlineData("Routing")]
    [InlineData("LoadBalancing")]
    [InlineData("Authorization")]
    public void PureLayer_NamesNoProtocolSocketOrContainer(string layer)
    {
        var rule = new DependencyRule(
            $"{Layers.Root}.{layer}",
            used => ExternalNames.IsProtobuf(used) || ExternalNames.IsGrpc(used) || ExternalNames.IsSocket(used) || ExternalNames.IsHttpClient(used) || ExternalNames.IsDependencyInjection(used));

        Assert.Empty(rule.Check(Uses));
    }

    [Fact]
    public void SpiffeIdentity_KnowsNeitherHttpClientsNorAspNet()
    {
        var rule = new DependencyRule("ProxylessMesh.Security.Spiffe", used => ExternalNames.IsHttpClient(used) || ExternalNames.IsAspNet(used));

        Assert.Empty(rule.Check(Uses));
    }

    [Fact]
    public void Sockets_AreNamedByTransportAndNameResolutionOnly()
    {
        string[] allowed = ["ProxylessMesh.Transport.EndpointDialer", "ProxylessMesh.Clusters.DnsEndpoints"];
        var users = Uses
            .Where(use => Layers.RequestRoad.Any(stage => use.User.IsIn($"{Layers.Root}.{stage}")) && ExternalNames.IsSocket(use.Used))
            .Select(use => use.User.ToString())
            .Distinct();

        Assert.Equivalent(allowed, users);
    }

    [Fact]
    public void Container_IsNamedByItsFolderOnly()
    {
        var violations = Uses.Where(use => use.User.IsIn(Layers.Root) && !use.User.IsIn("ProxylessMesh.DependencyInjection") && ExternalNames.IsDependencyInjection(use.Used));

        Assert.Empty(violations);
    }

    [Fact]
    public void Product_ReferencesNeitherControlPlaneNorAspNet()
    {
        var references = typeof(Mesh).Assembly.GetReferencedAssemblies().Select(name => name.Name!).ToList(); // a referenced assembly has a name

        Assert.DoesNotContain(references, name => name.StartsWith("ProxylessMesh.", StringComparison.Ordinal) && name != "ProxylessMesh.Protos");
        Assert.DoesNotContain(references, name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.Contains("ProxylessMesh.Protos", references);
    }
}
