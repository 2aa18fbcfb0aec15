using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>A thousand updates of every kind, one after the other, under load: no request fails, and nothing is left behind.</summary>
public sealed class UpdateStormTests
{
    private const int Updates = 1000;
    private const int Workers = 3;

    [Fact]
    public async Task Updates_OfEveryKindUnderLoad_FailNoRequestAndLeaveNothingBehind()
    {
        var random = new SeededRandomSource(7);
        await using var one = await Backend.StartAsync("one", BackendProtocol.Http1);
        await using var two = await Backend.StartAsync("two", BackendProtocol.Http1);
        await using var grpcOne = await Backend.StartAsync("grpc-one", BackendProtocol.Http2);
        await using var grpcTwo = await Backend.StartAsync("grpc-two", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync([.. XdsResources.Service("orders", one, two), .. XdsResources.Service("echo", grpcOne, grpcTwo)]);
        mesh.Grpc("xds:///echo", out var channel);
        using var _ = channel;
        await using var load = new Load().Http(mesh.Client, new Uri("http://orders/"), Workers).Grpc(channel, workers: 1);
        await load.MoreAsync(200);

        for (var i = 0; i < Updates; i++)
        {
            await mesh.ControlPlane.SetAsync(random.Next(4) == 0 ? GrpcUpdate(random, grpcOne, grpcTwo) : Update(i, random, one, two));
        }

        await mesh.ControlPlane.SetAsync(XdsResources.Service("orders", one));
        await mesh.ControlPlane.SetAsync(XdsResources.Service("echo", grpcOne));
        await load.MoreFromAsync("one", 200);
        await load.MoreFromAsync("grpc-one", 100);
        await load.StopAsync();

        Assert.Empty(load.Failures);
        Assert.NotEmpty(mesh.ControlPlane.Nacks);
        Assert.Equal(["echo-cluster", "orders-cluster"], mesh.Mesh.Runtime.Snapshot.Clusters.Keys.Order());
        await Until.TrueAsync(() => mesh.ActiveRequests == 0);
        await Until.TrueAsync(() => two.OpenConnectionCount == 0, "the connections to the endpoint that left are closed");
        await Until.TrueAsync(() => grpcTwo.OpenConnectionCount == 0, "so is that of gRPC");
        Assert.InRange(one.OpenConnectionCount, 1, Workers);
        Assert.Equal(1, grpcOne.OpenConnectionCount);
    }

    private static Any[] GrpcUpdate(SeededRandomSource random, Backend one, Backend two) => random.Next(3) switch
    {
        0 => [XdsResources.Endpoints("echo-cluster", one)],
        1 => [XdsResources.Endpoints("echo-cluster", two)],
        _ => [XdsResources.Endpoints("echo-cluster", one, two)],
    };

    /// <summary>One update: endpoints, weights, a renamed cluster that comes after its route, cluster settings, or a bad one.</summary>
    private static Any[] Update(int i, SeededRandomSource random, Backend one, Backend two) => random.Next(6) switch
    {
        0 => [XdsResources.Endpoints("orders-cluster", one)],
        1 => [XdsResources.Endpoints("orders-cluster", two)],
        2 => [XdsResources.Endpoints("orders-cluster", one, two)],
        3 => [
            XdsResources.Routes("orders-routes", XdsResources.Route("/", ("orders-cluster", 1u + random.Next(99)), ($"renamed-{i}", 1u + random.Next(99)))),
            XdsResources.Cluster($"renamed-{i}"),
            XdsResources.Endpoints($"renamed-{i}", one, two),
        ],
        4 => [XdsResources.Routes("orders-routes", XdsResources.Route("/", "orders-cluster"))],
        _ => [XdsResources.Routes("orders-routes", new Envoy.Config.Route.V3.Route { Match = new Envoy.Config.Route.V3.RouteMatch() })],
    };
}
