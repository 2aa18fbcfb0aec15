using System.Net;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>
/// Requests that end before their time, in each phase: the lease comes back, an HTTP/1.1 connection closes, an HTTP/2 one stays and
/// its stream is reset.
/// </summary>
public sealed class CancellationTests
{
    private const int MoreThanTheWindow = 200_000;

    [Fact]
    public async Task Http1_CancelledWhileItWaitsForHeaders_ClosesTheConnection()
    {
        using var arrived = new Gate();
        await using var peer = Http1Peer.Start(async connection =>
        {
            await connection.NextRequestAsync();
            arrived.Open();
            await connection.DrainAsync();
        });
        await using var mesh = await StartAsync(peer.Port);
        using var cancellation = new CancellationTokenSource();

        var sending = mesh.Client.GetAsync(new Uri("http://orders/"), cancellation.Token);
        await arrived.PassAsync(CancellationToken.None).WaitAsync(TestTimeouts.Default);
        Assert.Equal(1, mesh.ActiveRequests);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal(0, mesh.ActiveRequests);
        await Until.TrueAsync(() => peer.OpenConnectionCount == 0);
    }

    [Fact]
    public async Task Http1_CancelledWhileItsBodyIsSent_ClosesTheConnection()
    {
        using var arrived = new Gate();
        using var done = new Gate();
        await using var peer = Http1Peer.Start(async connection =>
        {
            await connection.NextHeadAsync();
            arrived.Open();
            await done.PassAsync(CancellationToken.None);
            await connection.DrainAsync();
        });
        await using var mesh = await StartAsync(peer.Port);
        using var cancellation = new CancellationTokenSource();
        using var content = new ByteArrayContent(new byte[50_000_000]);

        var sending = mesh.Client.PostAsync(new Uri("http://orders/"), content, cancellation.Token);
        await arrived.PassAsync(CancellationToken.None).WaitAsync(TestTimeouts.Default);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        done.Open();

        Assert.Equal(0, mesh.ActiveRequests);
        await Until.TrueAsync(() => peer.OpenConnectionCount == 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(MoreThanTheWindow)]
    public async Task Http2_CancelledWhileItSendsOrWaits_ResetsItsStreamOnly(int length)
    {
        using var arrived = new Gate();
        using var resets = new Gate();
        using var read = new Gate();
        await using var peer = Http2Peer.Start(async connection =>
        {
            var first = (await connection.NextHeadersAsync()).GetValueOrDefault();
            arrived.Open();
            await read.PassAsync(CancellationToken.None);
            while (await connection.NextFrameAsync() is { } frame)
            {
                if (frame is { Type: Http2Frame.ResetStream } && frame.StreamId == first)
                {
                    resets.Open();
                }
                else if (frame.IsEndOfStream && frame.StreamId != first)
                {
                    await connection.RespondAsync(frame.StreamId);
                }
            }
        });
        await using var mesh = await StartAsync(peer.Port);
        using var cancellation = new CancellationTokenSource();
        using var request = Http2Request(length == 0 ? null : new ByteArrayContent(new byte[length]));

        var sending = mesh.Client.SendAsync(request, cancellation.Token);
        await arrived.PassAsync(CancellationToken.None).WaitAsync(TestTimeouts.Default);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        read.Open();

        Assert.Equal(0, mesh.ActiveRequests);
        await resets.PassAsync(CancellationToken.None).WaitAsync(TestTimeouts.Default);
        await AssertConnectionServesAsync(mesh, peer);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Http2_BodyIsCancelledOrNotRead_ResetsItsStreamOnly(bool isRead)
    {
        using var resets = new Gate();
        await using var peer = Http2Peer.Start(async connection =>
        {
            var first = (await connection.NextRequestAsync()).GetValueOrDefault();
            await connection.BeginResponseAsync(first);
            while (await connection.NextFrameAsync() is { } frame)
            {
                if (frame is { Type: Http2Frame.ResetStream } && frame.StreamId == first)
                {
                    resets.Open();
                }
                else if (frame.IsEndOfStream)
                {
                    await connection.RespondAsync(frame.StreamId);
                }
            }
        });
        await using var mesh = await StartAsync(peer.Port);
        using (var request = Http2Request(content: null))
        {
            using var response = await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(1, mesh.ActiveRequests);
            if (isRead)
            {
                using var cancellation = new CancellationTokenSource();
                await using var body = await response.Content.ReadAsStreamAsync();
                var reading = body.ReadAsync(new byte[1], cancellation.Token).AsTask();
                await cancellation.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
            }
        }

        Assert.Equal(0, mesh.ActiveRequests);
        await resets.PassAsync(CancellationToken.None).WaitAsync(TestTimeouts.Default);
        await AssertConnectionServesAsync(mesh, peer);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Http1_BodyIsCancelledOrNotRead_ClosesTheConnection(bool isRead)
    {
        await using var peer = Http1Peer.Start(async connection =>
        {
            await connection.NextRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
            await connection.DrainAsync();
        });
        await using var mesh = await StartAsync(peer.Port);
        using (var response = await mesh.Client.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal(1, mesh.ActiveRequests);
            if (isRead)
            {
                using var cancellation = new CancellationTokenSource();
                await using var body = await response.Content.ReadAsStreamAsync();
                var reading = body.ReadAsync(new byte[1], cancellation.Token).AsTask();
                await cancellation.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
            }
        }

        Assert.Equal(0, mesh.ActiveRequests);
        await Until.TrueAsync(() => peer.OpenConnectionCount == 0);
    }

    [Fact]
    public async Task Http2_ContentThrowsMidway_CallerSeesItAndTheStreamIsReset()
    {
        using var resets = new Gate();
        await using var peer = Http2Peer.Start(async connection =>
        {
            while (await connection.NextFrameAsync() is { } frame)
            {
                if (frame.Type == Http2Frame.ResetStream)
                {
                    resets.Open();
                }
                else if (frame.IsEndOfStream)
                {
                    await connection.RespondAsync(frame.StreamId);
                }
            }
        });
        await using var mesh = await StartAsync(peer.Port);
        using var request = Http2Request(new ThrowingContent());

        var exception = await Assert.ThrowsAnyAsync<Exception>(() => mesh.Client.SendAsync(request));

        Assert.Contains(ThrowingContent.Reason, exception.ToString(), StringComparison.Ordinal);
        Assert.IsNotType<MeshRequestException>(exception);
        Assert.Equal(0, mesh.ActiveRequests);
        await resets.PassAsync(CancellationToken.None).WaitAsync(TestTimeouts.Default);
        await AssertConnectionServesAsync(mesh, peer);
    }

    [Fact]
    public async Task Http1_ContentThrowsMidway_CallerSeesItAndTheConnectionCloses()
    {
        await using var peer = Http1Peer.Start(async connection =>
        {
            await connection.NextHeadAsync();
            await connection.DrainAsync();
        });
        await using var mesh = await StartAsync(peer.Port);
        using var content = new ThrowingContent();

        var exception = await Assert.ThrowsAnyAsync<Exception>(() => mesh.Client.PostAsync(new Uri("http://orders/"), content));

        Assert.Contains(ThrowingContent.Reason, exception.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, mesh.ActiveRequests);
        Assert.Single(peer.Requests);
        await Until.TrueAsync(() => peer.OpenConnectionCount == 0);
    }

    [Fact]
    public async Task Requests_CancelledAtRandomMoments_GiveEveryLeaseBack()
    {
        var random = new SeededRandomSource(5);
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;
        var client = new EchoService.EchoServiceClient(channel);
        var workers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                using var cancellation = new CancellationTokenSource();
                using var call = client.Bidi(cancellationToken: cancellation.Token);
                try
                {
                    for (var step = random.Next(4); step > 0; step--)
                    {
                        await call.RequestStream.WriteAsync(new EchoRequest());
                        await call.ResponseStream.MoveNext(CancellationToken.None);
                    }

                    var last = random.Next(2) == 0 ? call.RequestStream.CompleteAsync() : Task.CompletedTask;
                    await cancellation.CancelAsync();
                    await last;
                }
                catch (Exception exception) when (exception is Grpc.Core.RpcException or OperationCanceledException or InvalidOperationException)
                {
                    // Cancelled at a moment when something was under way.
                }
            }
        }));

        await Task.WhenAll(workers).WaitAsync(TestTimeouts.Default);

        await Until.TrueAsync(() => mesh.ActiveRequests == 0);
        Assert.Equal(1, backend.OpenConnectionCount);
    }

    private static Task<MeshFixture> StartAsync(int port) => MeshFixture.StartAsync(
        [.. XdsResources.Service("orders").Take(3), XdsResources.Endpoints("orders-cluster", ("127.0.0.1", port))]);

    private static HttpRequestMessage Http2Request(HttpContent? content) => new(HttpMethod.Post, "http://orders/")
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = content,
    };

    private static async Task AssertConnectionServesAsync(MeshFixture mesh, Http2Peer peer)
    {
        using var request = Http2Request(content: null);
        using var response = await mesh.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(1, peer.ConnectionCount);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    private sealed class ThrowingContent : HttpContent
    {
        public const string Reason = "the file is gone";

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("half"u8.ToArray());
            await stream.FlushAsync();
            throw new InvalidDataException(Reason);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
