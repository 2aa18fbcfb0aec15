using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.ControlPlane.Ads;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.Ads;

/// <summary>What a session makes of the client's node: the dialect, and a view of its own that follows changes.</summary>
public sealed class AdsSessionViewTests
{
    private const string OrdersCluster = "outbound|80||orders";

    public static TheoryData<Node, bool> Dialects => new()
    {
        { new Node { Id = "sidecar~10.0.0.1~web-1.default~default.svc.cluster.local" }, true },
        { new Node { Id = "sidecar~10.0.0.1~web-1.default~default.svc.cluster.local", Metadata = new Struct { Fields = { ["GENERATOR"] = Value.ForString("grpc") } } }, false },
        { new Node { Id = "projects/1/networks/mesh/nodes/2" }, false },
        { new Node(), false },
    };

    [Theory]
    [MemberData(nameof(Dialects))]
    public void OnRequest_Node_ChoosesTheDialectAsIstiodDoes(Node node, bool isSidecar)
    {
        var session = Session();

        var clusters = Assert.Single(session.OnRequest(new DiscoveryRequest { TypeUrl = ResourceTypes.Cluster, Node = node }));
        var routes = Assert.Single(session.OnRequest(Request(ResourceTypes.RouteConfiguration, isSidecar ? "80" : OrdersCluster)));

        Assert.Equal(isSidecar ? ["BlackHoleCluster", "PassthroughCluster", OrdersCluster] : [OrdersCluster], Names(clusters));
        Assert.Single(routes.Resources);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.2")] // the Pod
    [InlineData("10.0.1.1", "10.0.1.2")] // the WorkloadEntry
    public void OnChanged_WorkloadMoved_SendsTheNewEndpointsOnly(string before, string after)
    {
        const string Text = """
            apiVersion: v1
            kind: Service
            metadata: {name: orders}
            spec: {clusterIP: 10.96.0.1, selector: {app: orders}, ports: [{name: http, port: 80}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: orders-1, labels: {app: orders}}
            spec: {}
            status: {podIP: 10.0.0.1}
            ---
            apiVersion: networking.istio.io/v1
            kind: WorkloadEntry
            metadata: {name: orders-vm, labels: {app: orders}}
            spec: {address: 10.0.1.1}
            """;
        const string Name = "outbound|80||orders.default.svc.cluster.local";
        var session = new AdsSession(MeshYaml.Translate(Text), NullLogger.Instance);
        Assert.Single(session.OnRequest(Request(ResourceTypes.ClusterLoadAssignment, Name)));
        Assert.Single(session.OnRequest(Request(ResourceTypes.Cluster, Name)));
        Assert.Single(session.OnRequest(Request(ResourceTypes.RouteConfiguration, Name)));

        var response = Assert.Single(session.OnChanged(MeshYaml.Translate(Text.Replace(before, after, StringComparison.Ordinal), 2)));

        Assert.Equal(ResourceTypes.ClusterLoadAssignment, response.TypeUrl);
        Assert.Contains(after, Assert.Single(response.Resources).Value.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Fact]
    public void OnChanged_SidecarTakesAServiceAway_ItIsGoneForThatNamespaceOnly()
    {
        const string Sidecar = """
            ---
            apiVersion: networking.istio.io/v1
            kind: Sidecar
            metadata: {name: default, namespace: shop}
            spec: {egress: [{hosts: ['~/*']}]}
            """;
        var inside = Session();
        var outside = Session();
        inside.OnRequest(new DiscoveryRequest { TypeUrl = ResourceTypes.Cluster, Node = new Node { Id = "sidecar~10.0.0.1~web.shop~shop.svc.cluster.local" } });
        outside.OnRequest(new DiscoveryRequest { TypeUrl = ResourceTypes.Cluster, Node = new Node { Id = "sidecar~10.0.0.1~web.other~other.svc.cluster.local" } });
        var changed = MeshYaml.Translate(MeshYaml.Service("orders") + Sidecar, 2);

        Assert.Equal(["BlackHoleCluster", "PassthroughCluster"], Names(Assert.Single(inside.OnChanged(changed))));
        Assert.Empty(outside.OnChanged(changed));
    }

    private static AdsSession Session() => new(MeshYaml.Translate(MeshYaml.Service("orders")), NullLogger.Instance);

    private static DiscoveryRequest Request(string type, params string[] names) => new() { TypeUrl = type, ResourceNames = { names } };

    private static IEnumerable<string> Names(DiscoveryResponse response)
        => response.Resources.Select(resource => Cluster.Parser.ParseFrom(resource.Value).Name);
}
