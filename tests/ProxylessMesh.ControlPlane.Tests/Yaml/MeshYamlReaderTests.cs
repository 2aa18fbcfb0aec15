using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Yaml;

namespace ProxylessMesh.ControlPlane.Tests.Yaml;

public sealed class MeshYamlReaderTests
{
    [Fact]
    public void Read_GoodFile_JoinsWhatIsSaidOfAHost()
    {
        var result = MeshYamlReader.Read(MeshYaml.File, MeshYaml.Orders);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        var service = Assert.Single(result.Directory.Services);
        Assert.Equal("orders", service.Host);
        Assert.Equal(["v1", "v2"], service.Subsets.Select(subset => subset.Name));
        Assert.Equal([90u, 10u], service.RoutesFor(80)!.Http[0].Destinations.Select(destination => destination.Weight));
        Assert.Equal([5001, 5002], service.Endpoints.Select(endpoint => endpoint.PortFor(service.Ports[0])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("---\n---\n")]
    [InlineData("# nothing yet\n")]
    public void Read_EmptyFile_IsAnEmptyMesh(string text)
    {
        var result = MeshYamlReader.Read(MeshYaml.File, text);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Directory.Services);
    }

    [Fact]
    public void Read_AnchorAndAlias_AreResolved()
    {
        var text = MeshYaml.Service("orders").Replace("[orders]", "[&name orders]", StringComparison.Ordinal)
            .Replace("address: 127.0.0.1", "address: 127.0.0.1, labels: {app: *name}", StringComparison.Ordinal);

        var result = MeshYamlReader.Read(MeshYaml.File, text);

        Assert.Empty(result.Errors);
        Assert.Equal("orders", result.Directory.Services[0].Endpoints[0].Labels["app"]);
    }

    [Fact]
    public void Read_TwoVirtualServicesOfOneHost_TakesTheFirstAndWarns()
    {
        var second = Route("second", "orders", "/second");
        var text = MeshYaml.Service("orders") + "---\n" + Route("first", "orders", "/first") + "---\n" + second;

        var result = MeshYamlReader.Read(MeshYaml.File, text);

        Assert.Empty(result.Errors);
        Assert.Equal("first", result.Directory.Services[0].RoutesFor(80)!.Identity.Name);
        Assert.Equal(
            "mesh.yaml:23: VirtualService default/second: spec.hosts[0]: host 'orders' is routed by VirtualService default/first, which comes first; this one has no effect for it",
            Assert.Single(result.Warnings).ToString());
    }

    [Fact]
    public void Read_TwoServiceEntriesOfOneHost_TakesTheFirstAndWarns()
    {
        var second = MeshYaml.Service("orders", address: "10.0.0.2").Replace("name: orders", "name: second", StringComparison.Ordinal);

        var result = MeshYamlReader.Read(MeshYaml.File, MeshYaml.Service("orders") + "---\n" + second);

        Assert.Empty(result.Errors);
        Assert.Equal("127.0.0.1", Assert.Single(result.Directory.Services).Endpoints[0].Address);
        Assert.Contains("belongs to ServiceEntry default/orders", Assert.Single(result.Warnings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TwoDestinationRulesOfOneNamespace_AddsSubsetsAndKeepsTheFirstPolicy()
    {
        var text = MeshYaml.Service("orders") + "---\n"
            + Rule("a", "default", "v1", "LEAST_REQUEST") + "---\n" + Rule("b", "default", "v2", "ROUND_ROBIN");

        var service = MeshYamlReader.Read(MeshYaml.File, text).Directory.Services[0];

        Assert.Equal(LoadBalancerKind.LeastRequest, service.TrafficPolicy.LoadBalancer?.Simple);
        Assert.Equal(["v1", "v2"], service.Subsets.Select(subset => subset.Name));
    }

    [Fact]
    public void Read_DestinationRuleOfAnotherNamespace_IsLeftOutWithAWarning()
    {
        var text = MeshYaml.Service("orders") + "---\n"
            + Rule("a", "default", "v1", "LEAST_REQUEST") + "---\n" + Rule("b", "other", "v2", "ROUND_ROBIN");

        var result = MeshYamlReader.Read(MeshYaml.File, text);

        Assert.Equal(["v1"], result.Directory.Services[0].Subsets.Select(subset => subset.Name));
        Assert.Contains("is in another namespace", Assert.Single(result.Warnings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ShortReference_IsCompletedWithTheResourcesNamespace()
    {
        var text = MeshYaml.Service("cart.shop.svc.cluster.local") + "---\n"
            + Route("cart", "cart", "/").Replace("{name: cart}", "{name: cart, namespace: shop}", StringComparison.Ordinal);

        var result = MeshYamlReader.Read(MeshYaml.File, text);

        Assert.Empty(result.Errors);
        Assert.NotNull(result.Directory.Services[0].RoutesFor(80));
    }

    [Fact]
    public void Read_DestinationWithoutWeight_Warns()
    {
        var text = MeshYaml.Service("orders") + "---\n" + """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: orders}
            spec:
              hosts: [orders]
              http:
              - route:
                - {destination: {host: orders}, weight: 1}
                - {destination: {host: orders}}
            """;

        var result = MeshYamlReader.Read(MeshYaml.File, text);

        Assert.Empty(result.Errors);
        Assert.Equal("[1] (orders) has no weight and gets no requests", Assert.Single(result.Warnings).Message);
    }

    private static string Route(string name, string host, string prefix) => $$"""
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: {{name}}}
        spec:
          hosts: [{{host}}]
          http:
          - match: [{uri: {prefix: {{prefix}} } }]
            route: [{destination: {host: {{host}} } }]

        """;

    private static string Rule(string name, string ns, string subset, string policy) => $$"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: {{name}}, namespace: {{ns}}}
        spec:
          host: orders
          trafficPolicy: {loadBalancer: {simple: {{policy}} } }
          subsets: [{name: {{subset}}, labels: {version: {{subset}} } }]

        """;
}
