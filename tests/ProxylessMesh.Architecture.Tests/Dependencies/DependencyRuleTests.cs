using ProxylessMesh.Architecture.Tests.Assemblies;

namespace ProxylessMesh.Architecture.Tests.Dependencies;

/// <summary>The rules themselves can fail: each is shown a use that breaks it, and one that does not.</summary>
public class DependencyRuleTests
{
    [Theory]
    [InlineData("Matching", "ProxylessMesh.Configuration", "RouteConfig")]
    [InlineData("Configuration", "ProxylessMesh.Xds", "XdsClient")]
    [InlineData("Configuration", "ProxylessMesh.Clusters", "ClusterState")]
    [InlineData("Transport", "ProxylessMesh.Clusters", "EndpointState")]
    [InlineData("Routing", "ProxylessMesh.Http", "MeshPipeline")]
    [InlineData("Clusters", "ProxylessMesh.Protos.Rpc", "Status")]
    [InlineData("Clusters", "ProxylessMesh", "MeshOptions")]
    [InlineData("Http", "ProxylessMesh.Xds.Resources", "RouteReader")]
    [InlineData("Xds", "ProxylessMesh.Http", "MeshPipeline")]
    [InlineData("Http", "ProxylessMesh.DependencyInjection", "MeshEnrollment")]
    public void Check_LayerNamesWhatItMustNot_ReportsIt(string layer, string usedNamespace, string usedName)
    {
        var violations = Check(layer, new TypeName(usedNamespace, usedName));

        Assert.Equal([$"ProxylessMesh.{layer}.Inner.Some names {usedNamespace}.{usedName}"], violations);
    }

    [Theory]
    [InlineData("Configuration", "ProxylessMesh.Matching", "PathMatcher")]
    [InlineData("Http", "ProxylessMesh.Routing", "RouteTable`1")]
    [InlineData("Clusters", "ProxylessMesh.Transport", "EndpointConnections")]
    [InlineData("Clusters", "ProxylessMesh.Clusters", "ClusterView")]
    [InlineData("Clusters", "ProxylessMesh", "IRandomSource")]
    [InlineData("Xds", "ProxylessMesh.Protos.Rpc", "Status")]
    [InlineData("Matching", "System", "String")]
    public void Check_LayerNamesWhatItMay_ReportsNothing(string layer, string usedNamespace, string usedName)
    {
        var violations = Check(layer, new TypeName(usedNamespace, usedName));

        Assert.Empty(violations);
    }

    private static IReadOnlyList<string> Check(string layer, TypeName used)
    {
        var rule = DependencyRule.Of(Layers.All.Single(candidate => candidate.Name == layer));
        return rule.Check([new TypeUse(new TypeName($"ProxylessMesh.{layer}.Inner", "Some"), used)]);
    }
}
