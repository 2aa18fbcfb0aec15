using Envoy.Config.Endpoint.V3;
using ProxylessMesh.ControlPlane.Translation;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

public sealed class EndpointTranslatorTests
{
    private static readonly MeshResources Mesh = MeshYaml.Translate("""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: orders}
        spec:
          hosts: [orders]
          resolution: STATIC
          ports:
          - {number: 80, name: http, targetPort: 8080}
          - {number: 81, name: grpc}
          endpoints:
          - {address: 10.0.0.1, labels: {version: v1, zone: a}, locality: eu/eu-1/a, weight: 3, ports: {http: 9000}}
          - {address: 10.0.0.2, labels: {version: v2}, locality: eu/eu-1/a}
          - {address: 10.0.0.3, labels: {version: v1}, locality: us}
          - {address: 'unix:///run/orders.sock', labels: {version: v3}}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: orders}
        spec:
          host: orders
          subsets:
          - {name: v1, labels: {version: v1}}
          - {name: v1a, labels: {version: v1, zone: a}}
          - {name: all}
          - {name: none, labels: {version: v9}}
        """);

    [Theory]
    [InlineData("outbound|80||orders", "10.0.0.1:9000", "10.0.0.2:8080", "10.0.0.3:8080", "/run/orders.sock")]
    [InlineData("outbound|81||orders", "10.0.0.1:81", "10.0.0.2:81", "10.0.0.3:81", "/run/orders.sock")]
    [InlineData("outbound|80|v1|orders", "10.0.0.1:9000", "10.0.0.3:8080")]
    [InlineData("outbound|80|v1a|orders", "10.0.0.1:9000")]
    [InlineData("outbound|80|all|orders", "10.0.0.1:9000", "10.0.0.2:8080", "10.0.0.3:8080", "/run/orders.sock")]
    [InlineData("outbound|80|none|orders")]
    public void Translate_Subset_SelectsByLabelsAndPort(string name, params string[] expected)
    {
        var assignment = Mesh.Endpoints(name);

        Assert.Equal(name, assignment.ClusterName);
        Assert.Equal(expected, assignment.Endpoints.SelectMany(group => group.LbEndpoints).Select(Address));
    }

    [Fact]
    public void Translate_Localities_GroupEndpointsAndAddTheirWeights()
    {
        var groups = Mesh.Endpoints("outbound|80||orders").Endpoints;

        Assert.Equal(
            [("eu", "eu-1", "a", 4u), ("us", "", "", 1u), ("", "", "", 1u)],
            groups.Select(group => (group.Locality.Region, group.Locality.Zone, group.Locality.SubZone, group.LoadBalancingWeight!.Value)));
        Assert.Equal([3u, 1u], groups[0].LbEndpoints.Select(endpoint => endpoint.LoadBalancingWeight!.Value));
    }

    private static string Address(LbEndpoint endpoint) => endpoint.Endpoint.Address is { SocketAddress: { } socket }
        ? $"{socket.Address}:{socket.PortValue}"
        : endpoint.Endpoint.Address.Pipe.Path;
}
