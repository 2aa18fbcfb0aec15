using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>The control plane is away for minutes, or comes back empty or wrong: no request fails, and what is right again takes effect.</summary>
public sealed class ControlPlaneOutageTests
{
    /// <summary>Longer than any backoff (120 s and a fifth), and than the 15 s after which silence means absence.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(150);

    /// <summary>What a control plane comes back with, and for how many seconds: what does not exist after 15 s of silence is gone (gRFC A57).</summary>
    public static TheoryData<string, int, Any[]> WrongAnswers => new()
    {
        { "resources that are rejected", 600, Rejected() },
        { "resources of other services", 600, [.. XdsResources.Service("billing")] },
        { "a listener whose routes do not come", 14, [XdsResources.Listener("orders", "no-such-routes")] },
        { "routes to a cluster that does not come", 14, [.. XdsResources.Service("orders").Take(1), XdsResources.Routes("orders-routes", XdsResources.Route("/", "no-such-cluster"))] },
        { "a cluster whose endpoints do not come", 14, [.. XdsResources.Service("orders").Take(1), XdsResources.Routes("orders-routes", XdsResources.Route("/", "new")), XdsResources.Cluster("new")] },
    };

    [Fact]
    public async Task Down_ForMinutes_NoRequestFailsAndUpdatesGoOnAfterwards()
    {
        var clock = new CountingClock();
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var moved = await Backend.StartAsync("moved", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend), clock);
        await using var load = await LoadAsync(mesh);

        await KillAsync(clock, mesh);
        for (var i = 0; i < 8; i++)
        {
            await BackOffAsync(clock, mesh);
            await load.MoreAsync(50);
        }

        await mesh.ControlPlane.Server.StartAgainAsync();
        await mesh.ControlPlane.SetAsync(XdsResources.Endpoints("orders-cluster", moved));
        await ComesBackAsync(clock, mesh);
        await load.MoreFromAsync("moved", 50);
        await load.StopAsync();

        Assert.Empty(load.Failures);
        Assert.Empty(mesh.ControlPlane.Nacks);
    }

    [Fact]
    public async Task RestartedEmpty_AnswersNothing_NoRequestFailsAndItRecovers()
    {
        var clock = new CountingClock();
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var moved = await Backend.StartAsync("moved", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend), clock);
        await using var load = await LoadAsync(mesh);

        await KillAsync(clock, mesh);
        mesh.ControlPlane.Forget();
        await mesh.ControlPlane.Server.StartAgainAsync();
        await ComesBackAsync(clock, mesh);
        for (var i = 0; i < 4; i++)
        {
            clock.Advance(Long);
            await load.MoreAsync(50);
        }

        await mesh.ControlPlane.SetAsync(XdsResources.Service("orders", moved));
        await load.MoreFromAsync("moved", 50);
        await load.StopAsync();

        Assert.Empty(load.Failures);
    }

    [Fact]
    public async Task RestartedEmpty_SaysThatNothingExists_NoRequestFailsAndItRecovers()
    {
        var clock = new CountingClock();
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var moved = await Backend.StartAsync("moved", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend), clock);
        await using var load = await LoadAsync(mesh);

        await KillAsync(clock, mesh);
        mesh.ControlPlane.Forget();
        await mesh.ControlPlane.Server.StartAgainAsync();
        var stream = await ComesBackAsync(clock, mesh);
        foreach (var type in new[] { ResourceTypes.Listener, ResourceTypes.Cluster, ResourceTypes.RouteConfiguration, ResourceTypes.ClusterLoadAssignment })
        {
            await mesh.ControlPlane.PushAsync(AdsResponses.OfAny(type, "empty", $"empty-{type}"));
            await stream.NextRequestAsync(request => request.ResponseNonce == $"empty-{type}", $"the answer to no {type}");
        }

        await load.MoreAsync(50);
        clock.Advance(Long);
        await load.MoreAsync(50);
        await mesh.ControlPlane.SetAsync(XdsResources.Service("orders", moved));
        await load.MoreFromAsync("moved", 50);
        await load.StopAsync();

        Assert.Empty(load.Failures);
        Assert.Empty(mesh.ControlPlane.Nacks);
    }

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task RestartedWrong_NoRequestFailsAndItRecoversWhenRightAgain(string how, int seconds, Any[] wrong)
    {
        var clock = new CountingClock();
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var moved = await Backend.StartAsync("moved", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend), clock);
        await using var load = await LoadAsync(mesh);

        await KillAsync(clock, mesh);
        mesh.ControlPlane.Forget();
        await mesh.ControlPlane.SetAsync(wrong);
        await mesh.ControlPlane.Server.StartAgainAsync();
        await ComesBackAsync(clock, mesh);
        await load.MoreAsync(100);
        clock.Advance(TimeSpan.FromSeconds(seconds));
        await load.MoreAsync(100);
        Assert.True(load.Failures.Count == 0, how);

        await mesh.ControlPlane.SetAsync(XdsResources.Service("orders", moved));
        await load.MoreFromAsync("moved", 50);
        await load.StopAsync();

        Assert.Empty(load.Failures);
    }

    private static Any[] Rejected()
    {
        var cluster = new Envoy.Config.Cluster.V3.Cluster { Name = "orders-cluster", Type = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType.OriginalDst };
        var endpoints = XdsResources.LoadAssignment("orders-cluster", ("127.0.0.1", 1));
        endpoints.Endpoints[0].Locality = null;
        return
        [
            Any.Pack(new Envoy.Config.Listener.V3.Listener { Name = "orders" }),
            XdsResources.Routes("orders-routes", new Envoy.Config.Route.V3.Route { Match = new Envoy.Config.Route.V3.RouteMatch() }),
            Any.Pack(cluster),
            Any.Pack(endpoints),
        ];
    }

    private static async Task<Load> LoadAsync(MeshFixture mesh)
    {
        var load = new Load().Http(mesh.Client, new Uri("http://orders/"), workers: 2);
        await load.MoreFromAsync("b1", 20);
        return load;
    }

    /// <summary>Waits for an attempt to reach the control plane to fail, and lets its backoff pass.</summary>
    private static async Task BackOffAsync(CountingClock clock, MeshFixture mesh)
    {
        var timers = clock.TimersStarted;
        clock.Advance(Long);
        await Until.TrueAsync(() => clock.TimersStarted > timers, $"another attempt to reach {mesh.ControlPlane.ServerUri} fails and backs off");
    }

    /// <summary>Kills the control plane, and waits until the mesh has found it gone and backs off.</summary>
    private static async Task KillAsync(CountingClock clock, MeshFixture mesh)
    {
        var timers = clock.TimersStarted;
        await mesh.ControlPlane.Server.KillAsync();
        await Until.TrueAsync(() => clock.TimersStarted > timers, "the stream breaks, and no other opens");
    }

    /// <summary>Lets the backoff pass, and waits for the requests of the new stream.</summary>
    private static async Task<ScriptedAdsStream> ComesBackAsync(CountingClock clock, MeshFixture mesh)
    {
        clock.Advance(Long);
        await Until.TrueAsync(() => mesh.ControlPlane.Server.Streams.Count == 2
            && mesh.ControlPlane.Server.Streams[1].Requests.Any(request => request.TypeUrl == ResourceTypes.ClusterLoadAssignment));
        return mesh.ControlPlane.Server.Streams[1];
    }
}
