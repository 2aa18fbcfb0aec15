using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Configuration changes under load: no request fails, and the change is in effect.</summary>
public sealed class UpdateTests
{
    [Fact]
    public async Task Endpoints_MoveUnderLoad_NoRequestFails()
    {
        await using var before = await Backend.StartAsync("before", BackendProtocol.Http1);
        await using var after = await Backend.StartAsync("after", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", before));
        await using var load = new Load().Http(mesh.Client, new Uri("http://orders/"));
        await load.MoreFromAsync("before", 50);

        await mesh.ControlPlane.SetAsync(XdsResources.Endpoints("orders-cluster", after));
        await load.MoreFromAsync("after", 50);
        await before.StopAsync();
        await load.MoreFromAsync("after", 50);
        await load.StopAsync();

        Assert.Empty(load.Failures);
    }

    [Fact]
    public async Task Endpoint_LeavesWhileItStreams_TheStreamFinishes()
    {
        await using var before = await Backend.StartAsync("before", BackendProtocol.Http1);
        await using var after = await Backend.StartAsync("after", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", before));
        using var response = await mesh.Client.GetAsync(new Uri("http://orders/stream"), HttpCompletionOption.ResponseHeadersRead);
        var stream = await before.NextStreamAsync();

        await mesh.ControlPlane.SetAsync(XdsResources.Endpoints("orders-cluster", after));
        await Until.TrueAsync(async () => await mesh.BackendOfAsync("http://orders/") == "after");
        stream.Write("still here");
        stream.Complete();

        Assert.Equal("still here", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Routes_PointToAClusterThatIsLate_OldRouteServesUntilItIsThere()
    {
        await using var old = await Backend.StartAsync("old", BackendProtocol.Http1);
        await using var @new = await Backend.StartAsync("new", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", old));
        await using var load = new Load().Http(mesh.Client, new Uri("http://orders/"));
        await load.MoreFromAsync("old", 20);
        var stream = await mesh.StreamAsync();

        await mesh.ControlPlane.SetAsync(XdsResources.Routes("orders-routes", XdsResources.Route("/", "late")));
        await stream.NextRequestAsync(request => request.TypeUrl == ResourceTypes.Cluster && request.ResourceNames.Contains("late"), "a request for the new cluster");
        await load.MoreFromAsync("old", 50);
        await mesh.ControlPlane.SetAsync(XdsResources.Cluster("late"), XdsResources.Endpoints("late", @new));
        await load.MoreFromAsync("new", 50);
        await load.StopAsync();

        Assert.Empty(load.Failures);
    }

    [Fact]
    public async Task Routes_PartlyPointToAClusterThatIsLate_TheRestIsInEffectAtOnce()
    {
        await using var old = await Backend.StartAsync("old", BackendProtocol.Http1);
        await using var other = await Backend.StartAsync("other", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(
            [.. XdsResources.Service("orders", old), XdsResources.Cluster("other"), XdsResources.Endpoints("other", other)]);
        Assert.Equal("old", await mesh.BackendOfAsync("http://orders/moved"));

        await mesh.ControlPlane.SetAsync(XdsResources.Routes("orders-routes", XdsResources.Route("/late", "never-comes"), XdsResources.Route("/", "other")));

        await Until.TrueAsync(async () => await mesh.BackendOfAsync("http://orders/moved") == "other");
        Assert.Equal("old", await mesh.BackendOfAsync("http://orders/late"));
    }

    [Fact]
    public async Task ControlPlane_KilledAndRestartedUnderLoad_NoRequestFailsAndUpdatesGoOn()
    {
        await using var http = await Backend.StartAsync("http", BackendProtocol.Http1);
        await using var grpc = await Backend.StartAsync("grpc", BackendProtocol.Http2);
        await using var moved = await Backend.StartAsync("moved", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync([.. XdsResources.Service("orders", http), .. XdsResources.Service("echo", grpc)]);
        mesh.Grpc("xds:///echo", out var channel);
        using var _ = channel;
        await using var load = new Load().Http(mesh.Client, new Uri("http://orders/"), workers: 2).Grpc(channel, workers: 2);
        await load.MoreFromAsync("http", 20);
        await load.MoreFromAsync("grpc", 20);

        await mesh.ControlPlane.Server.KillAsync();
        await load.MoreAsync(200);
        await mesh.ControlPlane.Server.StartAgainAsync();
        await mesh.ControlPlane.SetAsync(XdsResources.Endpoints("orders-cluster", moved));
        await load.MoreFromAsync("moved", 20);
        await load.StopAsync();

        Assert.Empty(load.Failures);
        Assert.Empty(mesh.ControlPlane.Nacks);
    }

    [Fact]
    public async Task ControlPlane_ResetsItsStreamsAgainAndAgain_NoRequestFails()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var moved = await Backend.StartAsync("moved", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        await using var load = new Load().Http(mesh.Client, new Uri("http://orders/"), workers: 2);
        await load.MoreFromAsync("b1", 20);

        for (var i = 1; i <= 5; i++)
        {
            // Each stream has brought responses before it breaks, so the next is opened at once.
            var stream = await mesh.StreamAsync(number: i);
            await stream.NextRequestAsync(request => request.TypeUrl == ResourceTypes.ClusterLoadAssignment && request.ResponseNonce.Length > 0, "an answer to the endpoints");
            stream.Abort();
        }

        await mesh.ControlPlane.SetAsync(XdsResources.Endpoints("orders-cluster", moved));
        await load.MoreFromAsync("moved", 20);
        await load.StopAsync();

        Assert.Empty(load.Failures);
    }

    [Fact]
    public async Task ControlPlane_AcceptsAndSaysNothing_HoldsUpOnlyTheMeshAndOnlyToTheCallersPatience()
    {
        await using var stalled = StalledServer.Start();
        await using var outside = await Backend.StartAsync("outside", BackendProtocol.Http1);
        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = BootstrapJson.Insecure($"127.0.0.1:{stalled.Port}") }, CancellationToken.None);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };
        using var patience = new CancellationTokenSource();

        var waiting = client.GetAsync(new Uri("http://orders/"), patience.Token);
        await stalled.ConnectedAsync();
        using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{outside.Port}/"));
        Assert.False(waiting.IsCompleted);
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal("outside", response.Headers.GetValues("x-backend").Single());
    }

    [Theory]
    [InlineData("xds_v3", true)]
    [InlineData("fail_on_data_errors", false)]
    public async Task Listener_DeletedByTheControlPlane_StaysInEffectUnlessTheServerWantsFailures(string feature, bool stays)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync([.. XdsResources.Service("orders", backend), .. XdsResources.Service("cart", backend)]);
        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = BootstrapJson.Insecure(controlPlane.ServerUri, feature: feature) }, CancellationToken.None);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };
        using var before = await client.GetAsync(new Uri("http://orders/"));
        var stream = controlPlane.Server.Streams[^1];
        var acknowledged = stream.Requests.Count(request => request.TypeUrl == ResourceTypes.Listener);

        await controlPlane.RemoveAsync(ResourceTypes.Listener, "orders");
        await Until.TrueAsync(() => stream.Requests.Count(request => request.TypeUrl == ResourceTypes.Listener) > acknowledged);

        if (stays)
        {
            using var after = await client.GetAsync(new Uri("http://orders/"));
            Assert.Equal("b1", after.Headers.GetValues("x-backend").Single());
        }
        else
        {
            var exception = await Assert.ThrowsAsync<MeshRequestException>(() => client.GetAsync(new Uri("http://orders/")));
            Assert.Equal(MeshFailureReason.NoListener, exception.Reason);
        }
    }

    [Fact]
    public async Task Mesh_DisposedUnderWay_WaitingRequestsEndAndOnesAtABackendFinish()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var fixture = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        var atBackend = fixture.Client.GetStringAsync(new Uri("http://orders/slow"));
        await backend.Gate.ArrivedAsync();
        var waiting = fixture.Client.GetAsync(new Uri("http://never-answered/"));

        await fixture.Mesh.DisposeAsync();
        backend.Gate.Open();

        Assert.Equal("slow", await atBackend);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => fixture.Client.GetAsync(new Uri("http://orders/")));
    }

    [Fact]
    public async Task Update_Rejected_LastGoodOneStaysInEffectAndTheServerIsToldWhy()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        Assert.Equal("b1", await mesh.BackendOfAsync("http://orders/"));
        var bad = XdsResources.Route("/", "orders-cluster");
        bad.Match = new Envoy.Config.Route.V3.RouteMatch { SafeRegex = new Envoy.Type.Matcher.V3.RegexMatcher { Regex = "(" } };

        await mesh.ControlPlane.SetAsync(XdsResources.Routes("orders-routes", bad));
        await Until.TrueAsync(() => mesh.ControlPlane.Nacks.Count > 0);

        Assert.Equal("b1", await mesh.BackendOfAsync("http://orders/"));
        var text = mesh.ControlPlane.Nacks[0].ErrorDetail.Message;
        Assert.Contains("orders-routes", text, StringComparison.Ordinal);
        Assert.Contains("virtual_hosts[0].routes[0].match.safe_regex", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_ManyClientsAndServices_IsOnlyOne()
    {
        await using var http = await Backend.StartAsync("http", BackendProtocol.Http1);
        await using var grpc = await Backend.StartAsync("grpc", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync([.. XdsResources.Service("orders", http), .. XdsResources.Service("cart", http), .. XdsResources.Service("echo", grpc)]);
        using var secondClient = new HttpClient(mesh.Mesh.CreateHandler());
        var client = mesh.Grpc("xds:///echo", out var channel);
        using var _ = channel;

        await mesh.BackendOfAsync("http://orders/");
        using var response = await secondClient.GetAsync(new Uri("http://cart/"));
        await client.UnaryAsync(new EchoRequest());

        Assert.Single(mesh.ControlPlane.Server.Streams);
    }
}
