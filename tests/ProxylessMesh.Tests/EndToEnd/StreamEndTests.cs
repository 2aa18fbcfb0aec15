using Grpc.Core;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>gRPC streams of which one side ends before the other: status and trailers are right, nothing hangs, and the lease comes back.</summary>
public sealed class StreamEndTests
{
    [Fact]
    public async Task Bidi_ClientEndsFirst_ServerStillAnswers()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var call = Client(mesh, out var channel).Bidi(deadline: Deadline());
        using var _ = channel;

        await call.RequestStream.WriteAsync(new EchoRequest { Message = "a", WaitAtGate = true });
        await call.RequestStream.CompleteAsync();
        await backend.Gate.ArrivedAsync();
        Assert.Equal(1, mesh.ActiveRequests);
        backend.Gate.Open();

        Assert.True(await call.ResponseStream.MoveNext());
        Assert.Equal("a", call.ResponseStream.Current.Message);
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Bidi_ClientEndsAfterAnswers_EndsWithOk()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var call = Client(mesh, out var channel).Bidi(deadline: Deadline());
        using var _ = channel;

        await call.RequestStream.WriteAsync(new EchoRequest());
        Assert.True(await call.ResponseStream.MoveNext());
        Assert.Equal(1, mesh.ActiveRequests);
        await call.RequestStream.CompleteAsync();

        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bidi_ServerFailsWhileTheClientWrites_StatusReachesTheCallerAndWritingEnds(bool afterAnAnswer)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var call = Client(mesh, out var channel).Bidi(deadline: Deadline());
        using var _ = channel;
        if (afterAnAnswer)
        {
            await call.RequestStream.WriteAsync(new EchoRequest());
            Assert.True(await call.ResponseStream.MoveNext());
        }

        await call.RequestStream.WriteAsync(new EchoRequest { FailWith = (int)StatusCode.Aborted, Message = "enough" });
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());

        Assert.Equal((StatusCode.Aborted, "enough"), (exception.StatusCode, exception.Status.Detail));
        await AssertWritingEndsAsync(call.RequestStream);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task ClientStream_ServerFailsWhileTheClientWrites_StatusReachesTheCallerAndWritingEnds()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var call = Client(mesh, out var channel).ClientStream(deadline: Deadline());
        using var _ = channel;

        await call.RequestStream.WriteAsync(new EchoRequest { FailWith = (int)StatusCode.ResourceExhausted, Message = "full" });
        var exception = await Assert.ThrowsAsync<RpcException>(async () => await call);

        Assert.Equal((StatusCode.ResourceExhausted, "full"), (exception.StatusCode, exception.Status.Detail));
        await AssertWritingEndsAsync(call.RequestStream);
        Assert.Equal(0, mesh.ActiveRequests);
        Assert.Equal(1, backend.ConnectionCount);
    }

    [Fact]
    public async Task ServerStream_FailsAfterItsMessages_MessagesThenStatusReachTheCaller()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var call = Client(mesh, out var channel).ServerStream(new EchoRequest { Count = 2, FailWith = (int)StatusCode.DataLoss, Message = "lost" }, deadline: Deadline());
        using var _ = channel;

        Assert.True(await call.ResponseStream.MoveNext());
        Assert.True(await call.ResponseStream.MoveNext());
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());

        Assert.Equal((StatusCode.DataLoss, "lost"), (exception.StatusCode, exception.Status.Detail));
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Upload_ServerAnswersAtOnceAndAsksForNoMore_AnswerReachesTheCaller()
    {
        // RFC 9113, section 8.1: a complete response, then RST_STREAM with NO_ERROR.
        await using var peer = Http2Peer.Start(async connection =>
        {
            while (await connection.NextHeadersAsync() is { } stream)
            {
                await connection.RespondAsync(stream, "enough");
                await connection.ResetAsync(stream, Http2Error.NoError);
            }
        });
        await using var mesh = await MeshFixture.StartAsync(
            [.. XdsResources.Service("orders").Take(3), XdsResources.Endpoints("orders-cluster", ("127.0.0.1", peer.Port))]);
        using var content = new StreamContent(new EndlessStream());
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://orders/") { Version = System.Net.HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal("enough", await response.Content.ReadAsStringAsync());
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Streams_LeftByTheirCaller_AreResetAndTheConnectionStays()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        var client = Client(mesh, out var channel);
        using var _ = channel;

        for (var i = 0; i < 5; i++)
        {
            using var call = client.Bidi(deadline: Deadline());
            await call.RequestStream.WriteAsync(new EchoRequest());
            Assert.True(await call.ResponseStream.MoveNext());
        }

        await Until.TrueAsync(() => mesh.ActiveRequests == 0);
        await client.UnaryAsync(new EchoRequest(), deadline: Deadline());
        Assert.Equal(1, backend.ConnectionCount);
    }

    private static async Task AssertWritingEndsAsync(IClientStreamWriter<EchoRequest> writer)
    {
        // The status has come: a write fails or is refused, but does not hang.
        var exception = await Record.ExceptionAsync(() => writer.WriteAsync(new EchoRequest()).WaitAsync(TestTimeouts.Default));
        Assert.True(exception is RpcException or InvalidOperationException, exception?.ToString() ?? "the write went through");
    }

    private static EchoService.EchoServiceClient Client(MeshFixture mesh, out Grpc.Net.Client.GrpcChannel channel) => mesh.Grpc("xds:///orders", out channel);

    private static DateTime Deadline() => TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default;

    /// <summary>Zeros without end, and no length.</summary>
    private sealed class EndlessStream : MemoryStream
    {
        public override bool CanSeek => false;

        public override int Read(byte[] buffer, int offset, int count) => count;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken) : ValueTask.FromResult(buffer.Length);

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            var buffer = new byte[bufferSize];
            while (true)
            {
                await destination.WriteAsync(buffer, cancellationToken);
            }
        }
    }
}
