using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;

namespace ProxylessMesh.Tests.Peers;

public class BackendTests
{
    [Theory]
    [InlineData(BackendProtocol.Http1, "127.0.0.1")]
    [InlineData(BackendProtocol.Http2, "127.10.1.1")]
    public async Task Echo_AnyPath_SaysWhoItIsAndWhatItSaw(BackendProtocol protocol, string address)
    {
        await using var backend = await Backend.StartAsync("b1", protocol, address);
        using var client = Client(protocol);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{address}:{backend.Port}/a/b?c=d")
        {
            Content = new StringContent("hello"),
            Headers = { Host = "orders" },
            Version = client.DefaultRequestVersion,
            VersionPolicy = client.DefaultVersionPolicy,
        };

        using var response = await client.SendAsync(request);

        Assert.Equal("hello", await response.Content.ReadAsStringAsync());
        Assert.Equal("b1", response.Headers.GetValues("x-backend").Single());
        Assert.Equal("orders", response.Headers.GetValues("x-host").Single());
        Assert.Equal("/a/b?c=d", response.Headers.GetValues("x-path").Single());
        Assert.Equal(1, backend.RequestCount);
        Assert.Equal(["orders"], backend.Hosts);
    }

    [Fact]
    public async Task Slow_BeforeTheGateOpens_IsHeld()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        using var client = Client(BackendProtocol.Http1);

        var response = client.GetStringAsync($"http://127.0.0.1:{backend.Port}/slow");
        await backend.Gate.ArrivedAsync();
        var isHeld = !response.IsCompleted;
        backend.Gate.Open();

        Assert.True(isHeld);
        Assert.Equal("slow", await response.WaitAsync(TestTimeouts.Default));
    }

    [Fact]
    public async Task Stream_ChunkByChunk_ArrivesAsWritten()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        using var client = Client(BackendProtocol.Http2);

        using var response = await client.GetAsync($"http://127.0.0.1:{backend.Port}/stream", HttpCompletionOption.ResponseHeadersRead);
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync());
        var stream = await backend.NextStreamAsync();
        stream.Write("one\n");
        var first = await body.ReadLineAsync();
        stream.Write("two\n");
        var second = await body.ReadLineAsync();
        stream.Complete();

        Assert.Equal("one", first);
        Assert.Equal("two", second);
        Assert.Null(await body.ReadLineAsync());
    }

    [Fact]
    public async Task Status_Code_IsAnswered()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        using var client = Client(BackendProtocol.Http1);

        using var response = await client.GetAsync($"http://127.0.0.1:{backend.Port}/status/503");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task Grpc_EachShape_IsAnswered()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{backend.Port}");
        var client = new EchoService.EchoServiceClient(channel);

        var unary = await client.UnaryAsync(new EchoRequest { Message = "a" });
        using var upload = client.ClientStream();
        await upload.RequestStream.WriteAsync(new EchoRequest { Message = "a" });
        await upload.RequestStream.WriteAsync(new EchoRequest { Message = "b" });
        await upload.RequestStream.CompleteAsync();
        using var download = client.ServerStream(new EchoRequest { Message = "a", Count = 2 });
        var downloaded = await download.ResponseStream.ReadAllAsync().ToListAsync();
        using var bidi = client.Bidi();
        await bidi.RequestStream.WriteAsync(new EchoRequest { Message = "a" });
        var hasReply = await bidi.ResponseStream.MoveNext(default);
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(new EchoRequest { FailWith = (int)StatusCode.Aborted }));

        Assert.Equal("b1", unary.Backend);
        Assert.Equal($"127.0.0.1:{backend.Port}", unary.Authority);
        Assert.Equal("a,b", (await upload).Message);
        Assert.Equal(2, downloaded.Count);
        Assert.True(hasReply);
        Assert.Equal(StatusCode.Aborted, failure.StatusCode);
    }

    [Fact]
    public async Task Kill_RequestInFlight_BreaksAtOnceAndThePortIsClosed()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        using var client = Client(BackendProtocol.Http1);
        var response = client.GetStringAsync($"http://127.0.0.1:{backend.Port}/slow");
        await backend.Gate.ArrivedAsync();

        await backend.KillAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => response.WaitAsync(TestTimeouts.Default));
        using var socket = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(IPAddress.Loopback, backend.Port));
    }

    [Fact]
    public async Task Stop_RequestInFlight_IsAnsweredFirst()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        using var client = Client(BackendProtocol.Http1);
        var response = client.GetStringAsync($"http://127.0.0.1:{backend.Port}/slow");
        await backend.Gate.ArrivedAsync();

        var stopping = backend.StopAsync();
        backend.Gate.Open();

        Assert.Equal("slow", await response.WaitAsync(TestTimeouts.Default));
        await stopping.WaitAsync(TestTimeouts.Default);
    }

    private static HttpClient Client(BackendProtocol protocol) => new()
    {
        DefaultRequestVersion = protocol == BackendProtocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TestTimeouts.Default,
    };
}
