using ProxylessMesh.Xds;
using DiscoveryType = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType;
using LbPolicy = Envoy.Config.Cluster.V3.Cluster.Types.LbPolicy;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

public sealed class ClusterTranslatorTests
{
    [Fact]
    public void Translate_Static_IsEdsByItsOwnName()
    {
        var cluster = MeshYaml.Translate(MeshYaml.Service("orders")).Cluster("outbound|80||orders");

        Assert.Equal(DiscoveryType.Eds, cluster.Type);
        Assert.Equal("outbound|80||orders", cluster.EdsClusterConfig.ServiceName);
        Assert.NotNull(cluster.EdsClusterConfig.EdsConfig.Ads);
        Assert.Null(cluster.LoadAssignment);
    }

    [Theory]
    [InlineData("DNS", "endpoints: [{address: a.example.com, ports: {http: 81}}, {address: b.example.com}]", DiscoveryType.StrictDns, "a.example.com:81", "b.example.com:8080")]
    [InlineData("DNS", "", DiscoveryType.StrictDns, "rates.example.com:8080")]
    [InlineData("DNS_ROUND_ROBIN", "endpoints: [{address: a.example.com}]", DiscoveryType.LogicalDns, "a.example.com:8080")]
    [InlineData("DNS_ROUND_ROBIN", "", DiscoveryType.LogicalDns, "rates.example.com:8080")]
    [InlineData("NONE", "", DiscoveryType.LogicalDns, "rates.example.com:80")]
    public void Translate_Dns_CarriesTheNamesToResolve(string resolution, string endpoints, DiscoveryType type, params string[] expected)
    {
        var cluster = MeshYaml.Translate($$"""
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: rates}
            spec:
              hosts: [rates.example.com]
              resolution: {{resolution}}
              ports: [{number: 80, name: http, targetPort: 8080}]
              {{endpoints}}
            """).Cluster("outbound|80||rates.example.com");

        Assert.Equal(type, cluster.Type);
        var addresses = Assert.Single(cluster.LoadAssignment.Endpoints).LbEndpoints.Select(endpoint => endpoint.Endpoint.Address.SocketAddress);
        Assert.Equal(expected, addresses.Select(address => $"{address.Address}:{address.PortValue}"));
    }

    [Theory]
    [InlineData(null, null, LbPolicy.RoundRobin)]
    [InlineData("ROUND_ROBIN", null, LbPolicy.RoundRobin)]
    [InlineData("UNSPECIFIED", null, LbPolicy.RoundRobin)]
    [InlineData("LEAST_REQUEST", null, LbPolicy.LeastRequest)]
    [InlineData("LEAST_CONN", null, LbPolicy.LeastRequest)]
    [InlineData("LEAST_REQUEST", "ROUND_ROBIN", LbPolicy.RoundRobin)]
    [InlineData(null, "LEAST_REQUEST", LbPolicy.LeastRequest)]
    public void Translate_LoadBalancer_OfTheSubsetBeatsTheRules(string? ofRule, string? ofSubset, LbPolicy expected)
    {
        var text = MeshYaml.Service("orders") + $"""
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata:
              name: orders
            spec:
              host: orders
              {Policy(ofRule)}
              subsets:
              - name: v1
                {Policy(ofSubset)}
            """;

        var cluster = MeshYaml.Translate(text).Cluster("outbound|80|v1|orders");

        Assert.Equal(expected, cluster.LbPolicy);
    }

    [Fact]
    public void Translate_SubsetOfADnsServiceThatSelectsNothing_IsNoCluster()
    {
        var mesh = MeshYaml.Translate("""
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: rates}
            spec:
              hosts: [rates.example.com]
              resolution: DNS
              ports: [{number: 80, name: http}]
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: rates}
            spec:
              host: rates.example.com
              subsets: [{name: v1, labels: {version: v1}}]
            """);

        Assert.Null(mesh.Find(ResourceTypes.Cluster, "outbound|80|v1|rates.example.com"));
        Assert.NotNull(mesh.Find(ResourceTypes.Cluster, "outbound|80||rates.example.com"));
    }

    private static string Policy(string? simple) => simple is null ? "" : "trafficPolicy: {loadBalancer: {simple: " + simple + "}}";
}
