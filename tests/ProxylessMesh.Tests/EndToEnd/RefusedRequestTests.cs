using System.Net;
using Grpc.Core;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>
/// An endpoint that says it did not process a request (RFC 9113, section 8.7): the request goes to another one as if the connection had
/// been refused. What an endpoint may have processed is not sent again.
/// </summary>
public sealed class RefusedRequestTests
{
    /// <summary>What SocketsHttpHandler sends to one endpoint before it gives up.</summary>
    private const int SentToOneEndpoint = 4;

    public static TheoryData<string, Func<Http2PeerConnection, Task>> Refusals => new()
    {
        { "RST_STREAM REFUSED_STREAM", RefuseAsync },
        { "GOAWAY that excludes the request", connection => ExcludeAsync(connection, Http2Error.NoError) },
        { "GOAWAY that excludes it and says why", connection => ExcludeAsync(connection, Http2Error.EnhanceYourCalm) },
    };

    public static TheoryData<string, Func<Http2PeerConnection, int, Task>> Failures => new()
    {
        { "RST_STREAM CANCEL", (connection, stream) => connection.ResetAsync(stream, Http2Error.Cancel) },
        { "RST_STREAM INTERNAL_ERROR", (connection, stream) => connection.ResetAsync(stream, Http2Error.InternalError) },
        { "RST_STREAM NO_ERROR", (connection, stream) => connection.ResetAsync(stream, Http2Error.NoError) },
        { "GOAWAY that includes it, then the end", (connection, stream) => connection.GoAwayAsync(stream) },
        { "GOAWAY with an error that includes it, then the end", (connection, stream) => connection.GoAwayAsync(stream, Http2Error.EnhanceYourCalm) },
        { "the end of the connection", (_, _) => Task.CompletedTask },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Send_OneEndpointRefuses_GoesToAnotherWithItsWholeBody(string how, Func<Http2PeerConnection, Task> refuse)
    {
        await using var refusing = Http2Peer.Start(refuse);
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(refusing.Port, backend.Port);

        for (var i = 0; i < 4; i++)
        {
            using var response = await SendAsync(mesh, new StringContent("body"));

            Assert.Equal("body", await response.Content.ReadAsStringAsync());
        }

        Assert.True(refusing.RequestCount >= SentToOneEndpoint, how);
        Assert.Equal(4, backend.RequestCount);
        Assert.Equal(0, mesh.ActiveRequests);
        Assert.Empty(refusing.Faults);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Send_EveryEndpointRefuses_FailsWithTheReasonAfterThreeEndpoints(string how, Func<Http2PeerConnection, Task> refuse)
    {
        await using var one = Http2Peer.Start(refuse);
        await using var two = Http2Peer.Start(refuse);
        await using var three = Http2Peer.Start(refuse);
        await using var four = Http2Peer.Start(refuse);
        await using var mesh = await StartAsync(one.Port, two.Port, three.Port, four.Port);

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => SendAsync(mesh, new StringContent("body")));

        Assert.True(exception.Reason == MeshFailureReason.RequestRefused, how);
        Assert.Contains("refused the request", exception.Message, StringComparison.Ordinal);
        Assert.Contains("orders-cluster", exception.Message, StringComparison.Ordinal);
        Assert.Equal([0, SentToOneEndpoint, SentToOneEndpoint, SentToOneEndpoint], new[] { one, two, three, four }.Select(peer => peer.RequestCount).Order());
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Send_RefusedOnce_IsSentAgainOnTheSameConnection()
    {
        await using var peer = Http2Peer.Start(async connection =>
        {
            await connection.ResetAsync((await connection.NextHeadersAsync()).GetValueOrDefault(), Http2Error.RefusedStream);
            await connection.RespondAsync(await connection.NextRequestAsync(), "again");
            await connection.DrainAsync();
        });
        await using var mesh = await StartAsync(peer.Port);

        using var response = await SendAsync(mesh);

        Assert.Equal("again", await response.Content.ReadAsStringAsync());
        Assert.Equal((2, 1), (peer.RequestCount, peer.ConnectionCount));
    }

    [Fact]
    public async Task Send_GoAwayInTheMiddle_RequestsItIncludesFinishAndTheOthersGoAgain()
    {
        using var gate = new Gate();
        await using var peer = Http2Peer.Start(async connection =>
        {
            if (connection.Number > 1)
            {
                while (await connection.NextRequestAsync() is { } next)
                {
                    await connection.RespondAsync(next, "second");
                }

                return;
            }

            var streams = new List<int>();
            for (var i = 0; i < 4; i++)
            {
                streams.Add((await connection.NextRequestAsync()).GetValueOrDefault());
            }

            await connection.GoAwayAsync(lastStream: streams[1]);
            await gate.PassAsync(CancellationToken.None);
            await connection.RespondAsync(streams[0], "first");
            await connection.RespondAsync(streams[1], "first");
            await connection.DrainAsync();
        });
        await using var mesh = await StartAsync(peer.Port);

        var requests = Enumerable.Range(0, 4).Select(async _ =>
        {
            using var response = await SendAsync(mesh);
            return await response.Content.ReadAsStringAsync();
        }).ToArray();
        await gate.ArrivedAsync();
        await Until.TrueAsync(() => requests.Count(request => request.IsCompletedSuccessfully) == 2, "the excluded ones are answered elsewhere");
        gate.Open();
        var answers = await Task.WhenAll(requests);

        Assert.Equal(["first", "first", "second", "second"], answers.Order());
        await Until.TrueAsync(() => peer.OpenConnectionCount == 1, "the connection that goes away is closed after its last request");
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Send_MayHaveBeenProcessed_IsNotSentAgain(string how, Func<Http2PeerConnection, int, Task> fail)
    {
        await using var failing = Http2Peer.Start(async connection =>
        {
            if (await connection.NextRequestAsync() is { } stream)
            {
                await fail(connection, stream);
                if (how.StartsWith("RST", StringComparison.Ordinal))
                {
                    await connection.DrainAsync();
                }
            }
        });
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(failing.Port, backend.Port);

        // One of the two goes to the failing endpoint: round robin.
        var failed = 0;
        for (var i = 0; i < 2; i++)
        {
            try
            {
                using var response = await SendAsync(mesh, new StringContent("body"));
            }
            catch (MeshRequestException exception) when (exception.Reason == MeshFailureReason.ConnectionReset)
            {
                failed++;
            }
        }

        Assert.True(failed == 1, how);
        Assert.Equal((1, 1), (failing.RequestCount, backend.RequestCount));
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task GrpcUnary_OneEndpointRefuses_GoesToAnother(string how, Func<Http2PeerConnection, Task> refuse)
    {
        await using var refusing = Http2Peer.Start(refuse);
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(refusing.Port, backend.Port);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        for (var i = 0; i < 4; i++)
        {
            var reply = await client.UnaryAsync(new EchoRequest { Message = "whole" }, deadline: Deadline());

            Assert.Equal(("b1", "whole"), (reply.Backend, reply.Message));
        }

        Assert.True(refusing.RequestCount >= SentToOneEndpoint, how);
    }

    [Fact]
    public async Task GrpcUnary_EveryEndpointRefuses_IsUnavailable()
    {
        await using var refusing = Http2Peer.Start(RefuseAsync);
        await using var mesh = await StartAsync(refusing.Port);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(new EchoRequest(), deadline: Deadline()));

        Assert.Equal(StatusCode.Unavailable, exception.StatusCode);
        Assert.Contains("REFUSED_STREAM", exception.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GrpcClientStream_RefusedAfterMessagesWereSent_IsUnavailableAndNoMessageIsLostInSilence(bool onlyOnce)
    {
        await using var refusing = Http2Peer.Start(async connection =>
        {
            var isFirst = true;
            while (await connection.NextFrameAsync() is { } frame)
            {
                if (frame.Type == Http2Frame.Data && (isFirst || !onlyOnce))
                {
                    isFirst = false;
                    await connection.ResetAsync(frame.StreamId, Http2Error.RefusedStream);
                }
                else if (frame.IsEndOfStream)
                {
                    await connection.RespondAsync(frame.StreamId);
                }
            }
        });
        await using var mesh = await StartAsync(refusing.Port);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using var call = client.ClientStream(deadline: Deadline());
        await call.RequestStream.WriteAsync(new EchoRequest { Message = "a" });
        var exception = await Assert.ThrowsAsync<RpcException>(async () => await call);

        Assert.Equal(StatusCode.Unavailable, exception.StatusCode);
        Assert.Contains("cannot be sent again", exception.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task GrpcClientStream_EndpointCannotBeReached_GoesToAnotherWithEveryMessage()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(1, backend.Port);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        for (var i = 0; i < 4; i++)
        {
            using var call = client.ClientStream(deadline: Deadline());
            await call.RequestStream.WriteAsync(new EchoRequest { Message = "a" });
            await call.RequestStream.WriteAsync(new EchoRequest { Message = "b" });
            await call.RequestStream.CompleteAsync();

            Assert.Equal("a,b", (await call).Message);
        }
    }

    [Fact]
    public async Task Send_ContentOfAnUnknownKindRefused_FailsAndStaysTheRequestsContent()
    {
        await using var refusing = Http2Peer.Start(connection => ExcludeAsync(connection, Http2Error.NoError, afterData: true));
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(refusing.Port, backend.Port);
        using var invoker = new HttpMessageInvoker(mesh.Mesh.CreateHandler());

        var refusals = 0;
        for (var i = 0; i < 2; i++)
        {
            using var content = new SpentContent();
            using var request = Request(content);
            try
            {
                using var response = await invoker.SendAsync(request, CancellationToken.None);
                Assert.Equal("once", await response.Content.ReadAsStringAsync());
            }
            catch (MeshRequestException exception)
            {
                Assert.Equal(MeshFailureReason.RequestRefused, exception.Reason);
                refusals++;
            }

            Assert.Same(content, request.Content);
        }

        Assert.Equal((1, 1), (refusals, backend.RequestCount));
    }

    [Fact]
    public async Task Backend_StopsInOrderUnderLoad_NoRequestFails()
    {
        await using var leaving = await Backend.StartAsync("leaving", BackendProtocol.Http2);
        await using var staying = await Backend.StartAsync("staying", BackendProtocol.Http2);
        await using var mesh = await StartAsync(leaving.Port, staying.Port);
        mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;
        await using var load = new Load().Grpc(channel);
        await load.MoreFromAsync("leaving", 50);

        await leaving.StopAsync(); // GOAWAY on its connections, then no more of them; its endpoint stays in the configuration
        await load.MoreFromAsync("staying", 200);
        await load.StopAsync();

        Assert.Empty(load.Failures);
    }

    private static async Task RefuseAsync(Http2PeerConnection connection)
    {
        while (await connection.NextHeadersAsync() is { } stream)
        {
            await connection.ResetAsync(stream, Http2Error.RefusedStream);
        }
    }

    private static async Task ExcludeAsync(Http2PeerConnection connection, Http2Error error, bool afterData = false)
    {
        while (await connection.NextFrameAsync() is { } frame)
        {
            if (!afterData || frame.Type == Http2Frame.Data)
            {
                await connection.GoAwayAsync(lastStream: 0, error);
                await connection.DrainAsync();
                return;
            }
        }
    }

    private static Task<MeshFixture> StartAsync(params int[] ports) => MeshFixture.StartAsync(
        [.. XdsResources.Service("orders").Take(3), XdsResources.Endpoints("orders-cluster", ports.Select(port => ("127.0.0.1", port)))]);

    private static HttpRequestMessage Request(HttpContent? content) => new(content is null ? HttpMethod.Get : HttpMethod.Post, "http://orders/")
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = content,
    };

    private static async Task<HttpResponseMessage> SendAsync(MeshFixture mesh, HttpContent? content = null)
    {
        using var request = Request(content);
        return await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static DateTime Deadline() => TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default;

    /// <summary>Gives its bytes once, and nothing after that.</summary>
    private sealed class SpentContent : HttpContent
    {
        private bool _isSpent;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            if (!_isSpent)
            {
                _isSpent = true;
                await stream.WriteAsync("once"u8.ToArray());
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
