using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>WebSockets through the mesh (RFC 6455 over HTTP/1.1, RFC 8441 over HTTP/2), accepted and refused.</summary>
public sealed class WebSocketTests
{
    [Theory]
    [InlineData(BackendProtocol.Http1)]
    [InlineData(BackendProtocol.Http2)]
    public async Task WebSocket_Accepted_CarriesMessagesBothWaysAndHoldsItsLease(BackendProtocol protocol)
    {
        await using var backend = await HandlerBackend.StartAsync(protocol, async context =>
        {
            using var accepted = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[100];
            while (await accepted.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: WebSocketMessageType.Text } message)
            {
                await accepted.SendAsync(buffer.AsMemory(0, message.Count), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            }

            await accepted.CloseAsync(WebSocketCloseStatus.NormalClosure, "", context.RequestAborted);
        });
        await using var mesh = await StartAsync(backend);
        using var limit = new CancellationTokenSource(TestTimeouts.Default);
        using var socket = Socket(protocol);

        await socket.ConnectAsync(new Uri("ws://orders/chat"), mesh.Client, limit.Token);
        Assert.Equal(1, mesh.ActiveRequests);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        var buffer = new byte[100];
        var answer = await socket.ReceiveAsync(buffer, limit.Token);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
        socket.Dispose();

        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, answer.Count));
        Assert.Equal(0, mesh.ActiveRequests);
    }

    /// <summary>The timeout begins with the end of the request (Envoy), which a socket's does not come to; the limit of a stream holds for it.</summary>
    [Theory]
    [InlineData(BackendProtocol.Http1, """ "timeout": "2s" """, true)]
    [InlineData(BackendProtocol.Http2, """ "timeout": "2s" """, true)]
    [InlineData(BackendProtocol.Http1, """ "maxStreamDuration": {"maxStreamDuration": "2s"} """, false)]
    [InlineData(BackendProtocol.Http2, """ "maxStreamDuration": {"maxStreamDuration": "2s"} """, false)]
    public async Task WebSocket_OpenForLongerThanTheLimit_OutlivesATimeoutOnly(BackendProtocol protocol, string fields, bool isOpen)
    {
        var clock = new FakeTimeProvider();
        await using var backend = await HandlerBackend.StartAsync(protocol, async context =>
        {
            using var accepted = await context.WebSockets.AcceptWebSocketAsync();
            var received = new byte[100];
            var message = await accepted.ReceiveAsync(received, context.RequestAborted);
            await accepted.SendAsync(received.AsMemory(0, message.Count), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
        });
        var routes = $$"""{"name": "routes", "virtualHosts": [{"name": "orders", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c", {{fields}} } }]}]}""";
        await using var mesh = await MeshFixture.StartAsync(clock, Listeners.Of("orders", routes), XdsResources.Cluster("c"), XdsResources.Endpoints("c", ("127.0.0.1", backend.Port)));
        using var limit = new CancellationTokenSource(TestTimeouts.Default);
        using var socket = Socket(protocol);
        var buffer = new byte[100];

        await socket.ConnectAsync(new Uri("ws://orders/chat"), mesh.Client, limit.Token);
        var receiving = socket.ReceiveAsync(buffer, limit.Token);
        clock.Advance(TimeSpan.FromMinutes(1));

        if (isOpen)
        {
            await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
            Assert.Equal(5, (await receiving).Count);
        }
        else
        {
            await Assert.ThrowsAsync<WebSocketException>(() => receiving);
            Assert.False(limit.IsCancellationRequested);
        }
    }

    [Theory]
    [InlineData(BackendProtocol.Http1)]
    [InlineData(BackendProtocol.Http2)]
    public async Task WebSocket_Refused_CallerSeesTheStatus(BackendProtocol protocol)
    {
        await using var backend = await HandlerBackend.StartAsync(protocol, context =>
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        });
        await using var mesh = await StartAsync(backend);
        using var limit = new CancellationTokenSource(TestTimeouts.Default);
        using var socket = Socket(protocol);

        var exception = await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri("ws://orders/chat"), mesh.Client, limit.Token));

        Assert.Contains("403", exception.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    private static ClientWebSocket Socket(BackendProtocol protocol) => new()
    {
        Options =
        {
            HttpVersion = protocol == BackendProtocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20,
            HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            CollectHttpResponseDetails = true,
        },
    };

    private static Task<MeshFixture> StartAsync(HandlerBackend backend) => MeshFixture.StartAsync(
        [.. XdsResources.Service("orders").Take(3), XdsResources.Endpoints("orders-cluster", ("127.0.0.1", backend.Port))]);
}
