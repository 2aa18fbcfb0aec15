using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Envoy.Config.Listener.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.ControlPlane.Ads;
using ProxylessMesh.Xds;
using Status = ProxylessMesh.Protos.Rpc.Status;

namespace ProxylessMesh.ControlPlane.Tests.Ads;

public sealed class AdsSessionTests
{
    private const string OrdersCluster = "outbound|80||orders";
    private const string CartCluster = "outbound|80||cart";

    private static readonly string Orders = MeshYaml.Service("orders");
    private static readonly string OrdersAndCart = MeshYaml.Service("orders") + "---\n" + MeshYaml.Service("cart");

    [Fact]
    public void OnRequest_FirstSubscription_IsAnsweredWithVersionTypeAndNonce()
    {
        var session = Session(Orders);

        var response = Assert.Single(session.OnRequest(Request(ResourceTypes.Listener, "orders")));

        Assert.Equal("1", response.VersionInfo);
        Assert.Equal(ResourceTypes.Listener, response.TypeUrl);
        Assert.NotEmpty(response.Nonce);
        Assert.Equal("orders", Listener.Parser.ParseFrom(Assert.Single(response.Resources).Value).Name);
        Assert.Equal(ResourceTypes.Listener, response.Resources[0].TypeUrl);
        Assert.Empty(response.ResourceErrors);
    }

    [Fact]
    public void OnRequest_Ack_IsRecordedAndNotAnswered()
    {
        var session = Session(Orders);
        var response = Assert.Single(session.OnRequest(Request(ResourceTypes.Listener, "orders")));

        var answer = session.OnRequest(Answer(response, "orders"));

        Assert.Empty(answer);
        Assert.Equal("1", session.FindSubscription(ResourceTypes.Listener)!.AcceptedVersion);
    }

    [Fact]
    public void OnRequest_Nack_IsRecordedAndNotAnswered()
    {
        var session = Session(Orders);
        var response = Assert.Single(session.OnRequest(Request(ResourceTypes.Listener, "orders")));
        var nack = Answer(response, "orders");
        nack.VersionInfo = "";
        nack.ErrorDetail = new Status { Code = 3, Message = "no such filter" };

        var answer = session.OnRequest(nack);

        Assert.Empty(answer);
        Assert.Equal("no such filter", session.FindSubscription(ResourceTypes.Listener)!.RejectionMessage);
        Assert.Null(session.FindSubscription(ResourceTypes.Listener)!.AcceptedVersion);
    }

    [Fact]
    public void OnRequest_AckAfterNack_ClearsTheRejection()
    {
        var session = Session(Orders);
        var first = Assert.Single(session.OnRequest(Request(ResourceTypes.ClusterLoadAssignment, OrdersCluster)));
        var nack = Answer(first, OrdersCluster);
        nack.ErrorDetail = new Status { Message = "bad" };
        session.OnRequest(nack);
        var second = Assert.Single(session.OnChanged(MeshYaml.Translate(MeshYaml.Service("orders", targetPort: 5009), 2)));

        session.OnRequest(Answer(second, OrdersCluster));

        Assert.Null(session.FindSubscription(ResourceTypes.ClusterLoadAssignment)!.RejectionMessage);
        Assert.Equal("2", session.FindSubscription(ResourceTypes.ClusterLoadAssignment)!.AcceptedVersion);
    }

    [Fact]
    public void OnRequest_StaleNonce_IsIgnoredWithItsNames()
    {
        var session = Session(OrdersAndCart);
        var first = Assert.Single(session.OnRequest(Request(ResourceTypes.ClusterLoadAssignment, OrdersCluster)));
        Assert.Single(session.OnChanged(MeshYaml.Translate(MeshYaml.Service("orders", targetPort: 5009), 2)));

        var answer = session.OnRequest(Answer(first, OrdersCluster, CartCluster));

        Assert.Empty(answer);
        Assert.Null(session.FindSubscription(ResourceTypes.ClusterLoadAssignment)!.AcceptedVersion);
    }

    [Fact]
    public void OnRequest_NonceOfAnotherType_IsIgnored()
    {
        var session = Session(OrdersAndCart);
        var listeners = Assert.Single(session.OnRequest(Request(ResourceTypes.Listener, "orders")));
        Assert.Single(session.OnRequest(Request(ResourceTypes.Cluster, OrdersCluster)));
        var crossed = Request(ResourceTypes.Cluster, OrdersCluster, CartCluster);
        crossed.ResponseNonce = listeners.Nonce;

        Assert.Empty(session.OnRequest(crossed));
    }

    [Fact]
    public void OnRequest_NonceOfAnEarlierStream_IsAnsweredLikeAFirstRequest()
    {
        var request = Request(ResourceTypes.Listener, "orders");
        request.ResponseNonce = "17";
        request.VersionInfo = "9";

        Assert.Single(Assert.Single(Session(Orders).OnRequest(request)).Resources);
    }

    [Theory]
    [InlineData(ResourceTypes.Cluster, 2)] // full state: the other one is in it again
    [InlineData(ResourceTypes.ClusterLoadAssignment, 1)]
    [InlineData(ResourceTypes.RouteConfiguration, 1)]
    public void OnRequest_NameAdded_IsAnswered(string type, int resources)
    {
        var session = Session(OrdersAndCart);
        var first = Assert.Single(session.OnRequest(Request(type, OrdersCluster)));

        var second = Assert.Single(session.OnRequest(Answer(first, OrdersCluster, CartCluster)));

        Assert.Equal(resources, second.Resources.Count);
        Assert.NotEqual(first.Nonce, second.Nonce);
    }

    [Fact]
    public void OnRequest_NameAddedBeforeTheFirstResponseArrived_IsAnswered()
    {
        var session = Session(OrdersAndCart);
        Assert.Single(session.OnRequest(Request(ResourceTypes.ClusterLoadAssignment, OrdersCluster)));

        var second = Assert.Single(session.OnRequest(Request(ResourceTypes.ClusterLoadAssignment, OrdersCluster, CartCluster)));

        Assert.Single(second.Resources);
    }

    [Fact]
    public void OnRequest_NameDropped_IsNotAnsweredAndNotPushedAnyMore()
    {
        var session = Session(OrdersAndCart);
        var first = Assert.Single(session.OnRequest(Request(ResourceTypes.Cluster, OrdersCluster, CartCluster)));

        Assert.Empty(session.OnRequest(Answer(first, CartCluster)));
        Assert.Empty(session.OnChanged(MeshYaml.Translate(MeshYaml.Service("cart"), 2)));
    }

    [Fact]
    public void OnRequest_NameDroppedAndAskedForAgain_IsSentAgain()
    {
        var session = Session(OrdersAndCart);
        var first = Assert.Single(session.OnRequest(Request(ResourceTypes.ClusterLoadAssignment, OrdersCluster, CartCluster)));
        Assert.Empty(session.OnRequest(Answer(first, CartCluster)));

        var second = Assert.Single(session.OnRequest(Answer(first, OrdersCluster, CartCluster)));

        Assert.Single(second.Resources);
    }

    [Theory]
    [InlineData(ResourceTypes.Listener)]
    [InlineData(ResourceTypes.RouteConfiguration)]
    [InlineData(ResourceTypes.Cluster)]
    [InlineData(ResourceTypes.ClusterLoadAssignment)]
    public void OnRequest_UnknownName_IsReportedAsNotFound(string type)
    {
        var response = Assert.Single(Session(Orders).OnRequest(Request(type, "nosuch")));

        Assert.Empty(response.Resources);
        var error = Assert.Single(response.ResourceErrors);
        Assert.Equal("nosuch", error.ResourceName.Name);
        Assert.Equal(5, error.ErrorDetail.Code);
        Assert.Equal("'nosuch' is not in the mesh configuration (version 1)", error.ErrorDetail.Message);
    }

    [Fact]
    public void OnRequest_UnknownType_IsNotAnswered()
        => Assert.Empty(Session(Orders).OnRequest(Request("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", "default")));

    [Theory]
    [InlineData(ResourceTypes.Listener, 2)]
    [InlineData(ResourceTypes.Cluster, 2)]
    [InlineData(ResourceTypes.Listener, 2, "*")]
    [InlineData(ResourceTypes.Cluster, 2, "*")]
    public void OnRequest_Wildcard_IsAnsweredWithEverything(string type, int count, params string[] names)
        => Assert.Equal(count, Assert.Single(Session(OrdersAndCart).OnRequest(Request(type, names))).Resources.Count);

    [Fact]
    public void OnRequest_WildcardOfAnEmptyMesh_IsAnsweredWithNothing()
        => Assert.Empty(Assert.Single(Session("").OnRequest(Request(ResourceTypes.Cluster))).Resources);

    [Theory]
    [InlineData(ResourceTypes.RouteConfiguration)]
    [InlineData(ResourceTypes.ClusterLoadAssignment)]
    public void OnRequest_NoNamesOfATypeWithoutWildcard_IsNotAnswered(string type)
        => Assert.Empty(Session(Orders).OnRequest(Request(type)));

    [Fact]
    public void OnRequest_LastNameDropped_IsNoWildcard()
    {
        var session = Session(OrdersAndCart);
        var first = Assert.Single(session.OnRequest(Request(ResourceTypes.Cluster, OrdersCluster)));

        Assert.Empty(session.OnRequest(Answer(first)));
        Assert.Empty(session.OnChanged(MeshYaml.Translate(Orders, 2)));
    }

    [Fact]
    public void OnChanged_WildcardAndAService_ComesAndGoes()
    {
        var session = Session(Orders);
        Assert.Single(session.OnRequest(Request(ResourceTypes.Cluster)));

        var came = Assert.Single(session.OnChanged(MeshYaml.Translate(OrdersAndCart, 2)));
        var gone = Assert.Single(session.OnChanged(MeshYaml.Translate(Orders, 3)));

        Assert.Equal([CartCluster, OrdersCluster], Names(came));
        Assert.Equal([OrdersCluster], Names(gone));
        Assert.Equal(CartCluster, Assert.Single(gone.ResourceErrors).ResourceName.Name);
    }

    [Fact]
    public void OnChanged_NothingSubscribedChanged_PushesNothing()
    {
        var session = Subscribed(Orders, "orders", OrdersCluster);

        Assert.Empty(session.OnChanged(MeshYaml.Translate(OrdersAndCart, 2)));
    }

    [Fact]
    public void OnChanged_EndpointsChanged_PushesOnlyThem()
    {
        var session = Subscribed(OrdersAndCart, "orders", OrdersCluster, CartCluster);

        var push = Assert.Single(session.OnChanged(MeshYaml.Translate(MeshYaml.Service("orders", targetPort: 5009) + "---\n" + MeshYaml.Service("cart"), 2)));

        Assert.Equal(ResourceTypes.ClusterLoadAssignment, push.TypeUrl);
        Assert.Equal("2", push.VersionInfo);
        Assert.Single(push.Resources);
    }

    [Fact]
    public void OnChanged_NameThatDidNotExist_IsPushedWhenItComes()
    {
        var session = Session(Orders);
        Assert.Single(Assert.Single(session.OnRequest(Request(ResourceTypes.Listener, "cart"))).ResourceErrors);

        var push = Assert.Single(session.OnChanged(MeshYaml.Translate(OrdersAndCart, 2)));

        Assert.Single(push.Resources);
        Assert.Empty(push.ResourceErrors);
    }

    [Fact]
    public void OnChanged_ServiceCame_PushesClustersEndpointsListenersRoutes()
    {
        var session = Subscribed("", "orders", OrdersCluster);

        var pushes = session.OnChanged(MeshYaml.Translate(Orders, 2));

        Assert.Equal(
            [ResourceTypes.Cluster, ResourceTypes.ClusterLoadAssignment, ResourceTypes.Listener, ResourceTypes.RouteConfiguration],
            pushes.Select(push => push.TypeUrl));
    }

    [Fact]
    public void OnChanged_ClusterGone_IsSaidAfterTheRoutesLeftIt()
    {
        // Only v1 remains, and all traffic goes there: the cluster of v2 must outlive the routes that lead to it.
        const string v2Cluster = "outbound|80|v2|orders";
        var session = Subscribed(MeshYaml.Orders, "orders", OrdersCluster, "outbound|80|v1|orders", v2Cluster);
        var text = MeshYaml.Orders
            .Replace("  - {name: v2, labels: {version: v2}}\n", "", StringComparison.Ordinal)
            .Replace("    - destination: {host: orders, subset: v2}\n      weight: 10", "", StringComparison.Ordinal);

        var pushes = session.OnChanged(MeshYaml.Translate(text, 2));

        Assert.Equal([ResourceTypes.RouteConfiguration, ResourceTypes.Cluster, ResourceTypes.ClusterLoadAssignment], pushes.Select(push => push.TypeUrl));
        Assert.Equal([OrdersCluster, "outbound|80|v1|orders"], Names(pushes[1]).Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(v2Cluster, Assert.Single(pushes[1].ResourceErrors).ResourceName.Name);
        Assert.Equal(v2Cluster, Assert.Single(pushes[2].ResourceErrors).ResourceName.Name);
        Assert.Empty(pushes[2].Resources);
    }

    [Fact]
    public void OnChanged_EveryResponse_HasItsOwnNonce()
    {
        var session = Subscribed("", "orders", OrdersCluster);

        var nonces = session.OnChanged(MeshYaml.Translate(Orders, 2)).Select(push => push.Nonce).ToList();

        Assert.Equal(4, nonces.Distinct().Count());
    }

    public static TheoryData<Node, string> Nodes => new()
    {
        { new Node { Id = "plain" }, "default" },
        { new Node { Id = "sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", Metadata = new Struct { Fields = { ["GENERATOR"] = Value.ForString("grpc") } } }, "shop" },
        { new Node { Id = "x", Metadata = new Struct { Fields = { ["NAMESPACE"] = Value.ForString("shop") } } }, "shop" },
        { new Node { Id = "x", Metadata = new Struct { Fields = { ["NAMESPACE"] = Value.ForNumber(1) } } }, "default" },
    };

    [Theory]
    [MemberData(nameof(Nodes))]
    public void OnRequest_NodeOfTheFirstRequest_GivesTheNamespace(Node node, string expected)
    {
        var session = Session(MeshYaml.Service("cart.shop.svc.cluster.local"));
        var request = Request(ResourceTypes.Listener, "cart");
        request.Node = node;

        var response = Assert.Single(session.OnRequest(request));

        Assert.Equal(expected, session.Client.View.Namespace);
        Assert.Equal(expected == "shop" ? 1 : 0, response.Resources.Count);
    }

    [Fact]
    public void OnRequest_NodeOfALaterRequest_IsIgnored()
    {
        var session = Session(Orders);
        session.OnRequest(new DiscoveryRequest { TypeUrl = ResourceTypes.Listener, Node = new Node { Id = "first" } });

        session.OnRequest(new DiscoveryRequest { TypeUrl = ResourceTypes.Cluster, Node = new Node { Id = "second" } });

        Assert.Equal("first", session.Client.NodeId);
    }

    private static AdsSession Session(string text) => new(MeshYaml.Translate(text), NullLogger.Instance);

    // A client that follows one service through all four types, and has accepted what it was sent.
    private static AdsSession Subscribed(string text, string listener, params string[] clusters)
    {
        var session = Session(text);
        foreach (var (type, names) in new[]
        {
            (ResourceTypes.Listener, [listener]),
            (ResourceTypes.RouteConfiguration, [clusters[0]]),
            (ResourceTypes.Cluster, clusters),
            (ResourceTypes.ClusterLoadAssignment, clusters),
        })
        {
            var response = Assert.Single(session.OnRequest(Request(type, names)));
            Assert.Empty(session.OnRequest(Answer(response, names)));
        }

        return session;
    }

    private static DiscoveryRequest Request(string type, params string[] names) => new() { TypeUrl = type, ResourceNames = { names } };

    private static DiscoveryRequest Answer(DiscoveryResponse response, params string[] names) => new()
    {
        TypeUrl = response.TypeUrl,
        VersionInfo = response.VersionInfo,
        ResponseNonce = response.Nonce,
        ResourceNames = { names },
    };

    private static IEnumerable<string> Names(DiscoveryResponse response)
        => response.Resources.Select(resource => Cluster.Parser.ParseFrom(resource.Value).Name);
}
