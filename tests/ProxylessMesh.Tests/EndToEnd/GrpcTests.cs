using Grpc.Core;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>gRPC calls through the mesh, over real sockets.</summary>
public sealed class GrpcTests
{
    [Theory]
    [InlineData("xds:///orders", "orders", "orders")]
    [InlineData("xds:///orders:80", "orders:80", "orders")]
    [InlineData("xds:///orders:9090", "orders:9090", "orders:9090")]
    [InlineData("http://orders", "orders", "orders")]
    [InlineData("http://orders:9090", "orders:9090", "orders:9090")]
    public async Task Unary_AnyAddressForm_AsksForTheListenerAndKeepsTheAuthority(string address, string listener, string authority)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service(listener, backend));
        var client = mesh.Grpc(address, out var channel);
        using var _ = channel;

        var reply = await client.UnaryAsync(new EchoRequest { Message = "hello" }, deadline: Deadline());

        Assert.Equal(("b1", "hello", authority), (reply.Backend, reply.Message, reply.Authority));
    }

    [Fact]
    public async Task Streams_InEveryShape_FlowMessageByMessage()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using var clientStream = client.ClientStream(deadline: Deadline());
        await clientStream.RequestStream.WriteAsync(new EchoRequest { Message = "a" });
        await clientStream.RequestStream.WriteAsync(new EchoRequest { Message = "b" });
        await clientStream.RequestStream.CompleteAsync();
        var joined = await clientStream;

        var served = new List<string>();
        using var serverStream = client.ServerStream(new EchoRequest { Message = "s", Count = 3 }, deadline: Deadline());
        await foreach (var reply in serverStream.ResponseStream.ReadAllAsync())
        {
            served.Add(reply.Message);
        }

        using var bidi = client.Bidi(deadline: Deadline());
        var echoes = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            // The next message is written only after the answer to the last has come: nothing is held back on the way.
            await bidi.RequestStream.WriteAsync(new EchoRequest { Message = "x" });
            Assert.True(await bidi.ResponseStream.MoveNext());
            echoes.Add(bidi.ResponseStream.Current.Received);
        }

        await bidi.RequestStream.CompleteAsync();

        Assert.Equal("a,b", joined.Message);
        Assert.Equal(["s", "s", "s"], served);
        Assert.Equal([1, 2, 3], echoes);
        Assert.False(await bidi.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task Unary_BackendsStatus_ReachesTheCaller()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        var exception = await Assert.ThrowsAsync<RpcException>(
            async () => await client.UnaryAsync(new EchoRequest { Message = "no money", FailWith = (int)StatusCode.ResourceExhausted }, deadline: Deadline()));

        Assert.Equal((StatusCode.ResourceExhausted, "no money"), (exception.StatusCode, exception.Status.Detail));
    }

    [Fact]
    public async Task Unary_DeadlineWhileTheBackendWaits_IsDeadlineExceeded()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        var exception = await Assert.ThrowsAsync<RpcException>(
            async () => await client.UnaryAsync(new EchoRequest { WaitAtGate = true }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1)));

        Assert.Equal(StatusCode.DeadlineExceeded, exception.StatusCode);
    }

    [Fact]
    public async Task Unary_DeadlineWhileConfigurationIsAwaited_IsDeadlineExceeded()
    {
        await using var mesh = await MeshFixture.StartAsync();
        var client = mesh.Grpc("xds:///never-answered", out var channel);
        using var _ = channel;

        var exception = await Assert.ThrowsAsync<RpcException>(
            async () => await client.UnaryAsync(new EchoRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1)));

        Assert.Equal(StatusCode.DeadlineExceeded, exception.StatusCode);
    }

    private static DateTime Deadline() => TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default;
}
