using System.Net;
using Grpc.Core;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>An endpoint that leaves the configuration: requests and streams under way finish, and the connections close after the last one.</summary>
public sealed class DrainingTests
{
    [Theory]
    [InlineData(BackendProtocol.Http1)]
    [InlineData(BackendProtocol.Http2)]
    public async Task Endpoint_Leaves_RequestsUnderWayFinishAndThenItsConnectionsClose(BackendProtocol protocol)
    {
        await using var leaving = await Backend.StartAsync("leaving", protocol);
        await using var staying = await Backend.StartAsync("staying", protocol);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", leaving));
        mesh.Client.DefaultRequestVersion = protocol == BackendProtocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20;
        mesh.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        var slow = mesh.Client.GetStringAsync(new Uri("http://orders/slow"));
        await leaving.Gate.ArrivedAsync();
        using var streaming = await mesh.Client.GetAsync(new Uri("http://orders/stream"), HttpCompletionOption.ResponseHeadersRead);
        var stream = await leaving.NextStreamAsync();

        await LeaveAsync(mesh, staying);
        var moved = await mesh.BackendOfAsync("http://orders/");
        leaving.Gate.Open();

        Assert.Equal("staying", moved);
        Assert.Equal("slow", await slow);
        Assert.True(leaving.OpenConnectionCount > 0, "a stream is still under way");
        stream.Write("to the end");
        stream.Complete();
        Assert.Equal("to the end", await streaming.Content.ReadAsStringAsync());
        await Until.TrueAsync(() => leaving.OpenConnectionCount == 0, "the connections close after the last request");
    }

    [Fact]
    public async Task Endpoint_Leaves_GrpcStreamsGoOnBothWaysAndThenItsConnectionCloses()
    {
        await using var leaving = await Backend.StartAsync("leaving", BackendProtocol.Http2);
        await using var staying = await Backend.StartAsync("staying", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", leaving));
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;
        using var bidi = client.Bidi(deadline: Deadline());
        using var upload = client.ClientStream(deadline: Deadline());
        await bidi.RequestStream.WriteAsync(new EchoRequest());
        Assert.True(await bidi.ResponseStream.MoveNext());
        await upload.RequestStream.WriteAsync(new EchoRequest { Message = "before", WaitAtGate = true });
        await leaving.Gate.ArrivedAsync();

        await LeaveAsync(mesh, staying);
        var moved = await client.UnaryAsync(new EchoRequest(), deadline: Deadline());
        leaving.Gate.Open();
        await upload.RequestStream.WriteAsync(new EchoRequest { Message = "after" });
        await upload.RequestStream.CompleteAsync();
        await bidi.RequestStream.WriteAsync(new EchoRequest());
        Assert.True(await bidi.ResponseStream.MoveNext());

        Assert.Equal("staying", moved.Backend);
        Assert.Equal("before,after", (await upload).Message);
        Assert.Equal(("leaving", 2), (bidi.ResponseStream.Current.Backend, bidi.ResponseStream.Current.Received));
        Assert.Equal(1, leaving.OpenConnectionCount);
        await bidi.RequestStream.CompleteAsync();
        Assert.False(await bidi.ResponseStream.MoveNext());
        await Until.TrueAsync(() => leaving.OpenConnectionCount == 0, "the connection closes after the last stream");
    }

    [Fact]
    public async Task Endpoint_LeavesWithAnUpgradedConnection_ItGoesOnUntilTheCallerLeaves()
    {
        await using var leaving = Http1Peer.Start(async connection =>
        {
            await connection.NextRequestAsync();
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n");
            while (await connection.NextHeadAsync() is { } line)
            {
                await connection.SendAsync(line);
            }
        });
        await using var staying = await Backend.StartAsync("staying", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(
            [.. XdsResources.Service("orders").Take(3), XdsResources.Endpoints("orders-cluster", ("127.0.0.1", leaving.Port))]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("lines");
        using var response = await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var upgraded = await response.Content.ReadAsStreamAsync();

        await LeaveAsync(mesh, staying);
        Assert.Equal("staying", await mesh.BackendOfAsync("http://orders/"));
        await upgraded.WriteAsync("still\r\n\r\n"u8.ToArray());
        var answer = new byte[9];
        await upgraded.ReadExactlyAsync(answer);

        Assert.Equal("still\r\n\r\n"u8.ToArray(), answer);
        Assert.Equal(1, leaving.OpenConnectionCount);
        await upgraded.DisposeAsync();
        await Until.TrueAsync(() => leaving.OpenConnectionCount == 0);
    }

    [Fact]
    public async Task Endpoint_ComesBackWhileItDrains_IsUsedAgainOverConnectionsOfItsOwn()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var other = await Backend.StartAsync("other", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;
        using var old = client.Bidi(deadline: Deadline());
        await old.RequestStream.WriteAsync(new EchoRequest());
        Assert.True(await old.ResponseStream.MoveNext());

        await LeaveAsync(mesh, other);
        Assert.Equal("other", (await client.UnaryAsync(new EchoRequest(), deadline: Deadline())).Backend);
        await LeaveAsync(mesh, backend);
        Assert.Equal("b1", (await client.UnaryAsync(new EchoRequest(), deadline: Deadline())).Backend);
        Assert.Equal(2, backend.OpenConnectionCount);
        await old.RequestStream.CompleteAsync();
        Assert.False(await old.ResponseStream.MoveNext());

        await Until.TrueAsync(() => backend.OpenConnectionCount == 1, "only the connection of the endpoint that drained closes");
        Assert.Equal("b1", (await client.UnaryAsync(new EchoRequest(), deadline: Deadline())).Backend);
    }

    /// <summary>Points the service at one backend, and waits until that is in effect.</summary>
    private static async Task LeaveAsync(MeshFixture mesh, Backend to)
    {
        await mesh.ControlPlane.SetAsync(XdsResources.Endpoints("orders-cluster", to));
        await Until.TrueAsync(() => mesh.Mesh.Runtime.Pipeline!.Listeners.Find(new Uri("http://orders"))!.Listener.View.Routes!.Clusters.Single().View.Endpoints.Single().Address.Port == to.Port);
    }

    private static DateTime Deadline() => TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default;
}
