using System.Net;
using Envoy.Extensions.TransportSockets.Tls.V3;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What a caller is told at each stage that can fail: an exception for HTTP, UNAVAILABLE with the same text for gRPC.</summary>
public sealed class FailureTests
{
    public static TheoryData<string, MeshFailureReason, string, string[]> Stages => new()
    {
        { "rejected-listener", MeshFailureReason.NoListener, "NR route_not_found", ["rejected-listener", "test-node", "127.0.0.1"] },
        { "other-host", MeshFailureReason.NoRoute, "NR route_not_found", ["virtual host", "other-host"] },
        { "no-route", MeshFailureReason.NoRoute, "NR route_not_found", ["no route", "no-route"] },
        { "server-route", MeshFailureReason.UnsupportedRoute, "NR route_not_found", ["non_forwarding_action"] },
        { "rejected-cluster", MeshFailureReason.ClusterUnavailable, "NC cluster_not_found", ["rejected-cluster-cluster", "test-node"] },
        { "tls", MeshFailureReason.ClusterUnavailable, "NC cluster_not_found", ["UpstreamTlsContext", "MeshOptions.UpstreamTls"] },
        { "empty", MeshFailureReason.NoHealthyEndpoint, "UH no_healthy_upstream", ["empty-cluster", "no healthy endpoint"] },
        { "refusing", MeshFailureReason.ConnectFailure, "UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}", ["refusing-cluster", "127.0.0.1:1"] },
    };

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task Send_StageFails_HttpCallerIsToldStageAndReason(string authority, MeshFailureReason reason, string envoy, string[] words)
    {
        await using var mesh = await MeshFixture.StartAsync(Resources());

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.GetAsync(new Uri($"http://{authority}/")));

        Assert.Equal(reason, exception.Reason);
        Assert.Equal(envoy, $"{exception.ResponseFlags} {exception.ResponseDetails}");
        Assert.All(words, word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
        Assert.Equal(reason == MeshFailureReason.NoRoute ? HttpStatusCode.NotFound : HttpStatusCode.ServiceUnavailable, exception.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task Call_StageFails_GrpcCallerIsToldUnavailableWithTheSameText(string authority, MeshFailureReason reason, string envoy, string[] words)
    {
        await using var mesh = await MeshFixture.StartAsync(Resources());
        var client = mesh.Grpc($"xds:///{authority}", out var channel);
        using var _ = channel;
        using var capture = MeshExplanation.Capture();

        var exception = await Assert.ThrowsAsync<RpcException>(
            async () => await client.UnaryAsync(new EchoRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default));

        Assert.True(exception.StatusCode == StatusCode.Unavailable, $"{reason}: {exception.Status}");
        var explanation = Assert.Single(capture.Requests);
        Assert.Equal(envoy, $"{explanation.ResponseFlags} {explanation.ResponseDetails}");
        Assert.All(words, word => Assert.Contains(word, exception.Status.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Send_ControlPlaneDownFromTheStart_FailsAtOnceNamingItAndTheNode()
    {
        var options = new MeshOptions { Bootstrap = BootstrapJson.Insecure("127.0.0.1:1") };
        await using var mesh = await Mesh.StartAsync(options, CancellationToken.None);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => client.GetAsync(new Uri("http://orders/")));

        Assert.Equal(MeshFailureReason.NoListener, exception.Reason);
        Assert.Contains("127.0.0.1:1", exception.Message, StringComparison.Ordinal);
        Assert.Contains("test-node", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_ListenerNeverAnswered_EndsWithTheCallersPatience()
    {
        await using var mesh = await MeshFixture.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300), TimeProvider.System);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => mesh.Client.GetAsync(new Uri("http://never-answered/"), patience.Token));
    }

    [Fact]
    public async Task Send_ClusterNeverComes_HoldsUpOnlyTheRequestsRoutedToIt()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(
            XdsResources.Listener("orders", "r"),
            XdsResources.Routes("r", XdsResources.Route("/missing-cluster", "nowhere"), XdsResources.Route("/missing-endpoints", "half"), XdsResources.Route("/", "c")),
            XdsResources.Cluster("half"),
            XdsResources.Cluster("c"),
            XdsResources.Endpoints("c", backend));
        using var patience = new CancellationTokenSource();

        var waiting = mesh.Client.GetAsync(new Uri("http://orders/missing-cluster"), patience.Token);
        var waitingToo = mesh.Client.GetAsync(new Uri("http://orders/missing-endpoints"), patience.Token);
        var answered = await mesh.BackendOfAsync("http://orders/");
        var areHeldUp = !waiting.IsCompleted && !waitingToo.IsCompleted;
        await patience.CancelAsync();

        Assert.Equal("b1", answered);
        Assert.True(areHeldUp);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waitingToo);
    }

    [Fact]
    public async Task Send_ClusterComesWhileARequestWaits_TheRequestGoesOn()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Listener("orders", "r"), XdsResources.Routes("r", XdsResources.Route("/", "late")));

        var waiting = mesh.BackendOfAsync("http://orders/");
        var stream = await mesh.StreamAsync();
        await stream.NextRequestAsync(ResourceTypes.Cluster);
        await mesh.ControlPlane.SetAsync(XdsResources.Cluster("late"));
        await stream.NextRequestAsync(ResourceTypes.ClusterLoadAssignment);
        Assert.False(waiting.IsCompleted);
        await mesh.ControlPlane.SetAsync(XdsResources.Endpoints("late", backend));

        Assert.Equal("b1", await waiting);
    }

    [Fact]
    public async Task Send_OneEndpointRefuses_TheRequestGoesToAnother()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(
            XdsResources.Listener("orders", "r"),
            XdsResources.Routes("r", XdsResources.Route("/", "c")),
            XdsResources.Cluster("c"),
            XdsResources.Endpoints("c", ("127.0.0.1", 1), (backend.Address, backend.Port)));

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("b1", await mesh.BackendOfAsync("http://orders/"));
        }
    }

    [Fact]
    public async Task Send_TlsClusterAndTlsIgnored_GoesInPlaintext()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var resources = Resources().Append(XdsResources.Endpoints("tls-cluster", backend)); // the later one of a name counts
        await using var mesh = await MeshFixture.StartAsync(options => options.UpstreamTls = UpstreamTlsMode.Ignored, resources);

        Assert.Equal("b1", await mesh.BackendOfAsync("http://tls/"));
    }

    private static IEnumerable<Any> Resources()
    {
        var rejectedListener = new Envoy.Config.Listener.V3.Listener { Name = "rejected-listener" };
        var serverRoute = new Envoy.Config.Route.V3.Route
        {
            Match = new Envoy.Config.Route.V3.RouteMatch { Prefix = "/" },
            NonForwardingAction = new Envoy.Config.Route.V3.NonForwardingAction(),
        };
        var rejectedCluster = new Envoy.Config.Cluster.V3.Cluster { Name = "rejected-cluster-cluster", Type = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType.OriginalDst };
        var tls = XdsResources.Cluster("tls-cluster").Unpack<Envoy.Config.Cluster.V3.Cluster>();
        tls.TransportSocket = new Envoy.Config.Core.V3.TransportSocket
        {
            Name = "envoy.transport_sockets.tls",
            TypedConfig = Any.Pack(new UpstreamTlsContext
            {
                CommonTlsContext = new CommonTlsContext
                {
                    ValidationContext = new CertificateValidationContext
                    {
                        CaCertificateProviderInstance = new CertificateProviderPluginInstance { InstanceName = "default" },
                    },
                },
            }),
        };
        return
        [
            Any.Pack(rejectedListener),
            XdsResources.InlineListener("other-host", XdsResources.RouteConfiguration("other-host-routes", "not-this-one", XdsResources.Route("/", "c"))),
            XdsResources.InlineListener("no-route", XdsResources.RouteConfiguration("no-route-routes", "*", XdsResources.Route("/never/", "c"))),
            XdsResources.InlineListener("server-route", XdsResources.RouteConfiguration("server-routes", "*", serverRoute)),
            .. XdsResources.Service("rejected-cluster").Take(2),
            Any.Pack(rejectedCluster),
            .. XdsResources.Service("tls").Take(2),
            Any.Pack(tls),
            XdsResources.Endpoints("tls-cluster", ("127.0.0.1", 1)),
            .. XdsResources.Service("empty"),
            .. XdsResources.Service("refusing").Take(3),
            XdsResources.Endpoints("refusing-cluster", ("127.0.0.1", 1)),
        ];
    }
}
