using System.Net;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What servers send over HTTP/2 that Kestrel would not, frame by frame (RFC 9113), and what becomes of the lease and the connection.</summary>
public sealed class Http2WireTests
{
    public static TheoryData<string, Func<Http2PeerConnection, int, Task>, int, string> Answers => new()
    {
        {
            "informational responses before the final one",
            async (connection, stream) =>
            {
                await connection.HeadersAsync(stream, isEnd: false, (":status", "102"));
                await connection.HeadersAsync(stream, isEnd: false, (":status", "103"), ("link", "</a.css>"));
                await connection.RespondAsync(stream, "ok");
            },
            200,
            "ok"
        },
        { "headers that end the stream", (connection, stream) => connection.HeadersAsync(stream, isEnd: true, (":status", "204")), 204, "" },
        { "304 with a length and no body", (connection, stream) => connection.HeadersAsync(stream, isEnd: true, (":status", "304"), ("content-length", "99")), 304, "" },
        {
            "data in pieces, the last one empty",
            async (connection, stream) =>
            {
                await connection.BeginResponseAsync(stream);
                await connection.DataAsync(stream, isEnd: false, "o");
                await connection.DataAsync(stream, isEnd: false, "");
                await connection.DataAsync(stream, isEnd: false, "k");
                await connection.DataAsync(stream, isEnd: true, "");
            },
            200,
            "ok"
        },
    };

    public static TheoryData<string, Func<Http2PeerConnection, int, Task>> BrokenAnswers => new()
    {
        { "headers without a status", (connection, stream) => connection.HeadersAsync(stream, isEnd: true, ("x-a", "b")) },
        { "data before headers", (connection, stream) => connection.DataAsync(stream, isEnd: true, "data") },
        {
            "a body that is reset",
            async (connection, stream) =>
            {
                await connection.BeginResponseAsync(stream);
                await connection.DataAsync(stream, isEnd: false, "half");
                await connection.ResetAsync(stream, Http2Error.InternalError);
            }
        },
        {
            "a body that is refused after all",
            async (connection, stream) =>
            {
                await connection.BeginResponseAsync(stream);
                await connection.DataAsync(stream, isEnd: false, "half");
                await connection.ResetAsync(stream, Http2Error.RefusedStream);
            }
        },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Answer_OfEachForm_ReachesTheCallerAndKeepsTheConnection(string form, Func<Http2PeerConnection, int, Task> answer, int status, string body)
    {
        await using var peer = Start(answer);
        await using var mesh = await StartAsync(peer.Port);

        for (var i = 0; i < 2; i++)
        {
            using var response = await SendAsync(mesh);

            Assert.Equal((status, body), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
            Assert.Equal(0, mesh.ActiveRequests);
        }

        Assert.True(peer.ConnectionCount == 1, form);
    }

    [Theory]
    [MemberData(nameof(BrokenAnswers))]
    public async Task Answer_Broken_IsAnErrorAndGivesTheLeaseBackAndIsNotAskedForAgain(string form, Func<Http2PeerConnection, int, Task> answer)
    {
        await using var peer = Start(answer);
        await using var mesh = await StartAsync(peer.Port);

        var exception = await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var response = await SendAsync(mesh);
            await response.Content.ReadAsStringAsync();
        });

        Assert.True(exception is not MeshRequestException { Reason: not MeshFailureReason.ConnectionReset }, form);
        Assert.Equal(0, mesh.ActiveRequests);
        Assert.True(peer.RequestCount == 1, form);
    }

    [Fact]
    public async Task Trailers_AfterTheBody_ReachTheCaller()
    {
        await using var peer = Start(async (connection, stream) =>
        {
            await connection.BeginResponseAsync(stream);
            await connection.DataAsync(stream, isEnd: false, "ok");
            await connection.HeadersAsync(stream, isEnd: true, ("x-sum", "2"));
        });
        await using var mesh = await StartAsync(peer.Port);

        using var response = await SendAsync(mesh);

        Assert.Equal("ok", await response.Content.ReadAsStringAsync());
        Assert.Equal("2", response.TrailingHeaders.GetValues("x-sum").Single());
    }

    [Fact]
    public async Task Streams_OfLongLifeFillTheirConnections_ShortRequestsGoOnOverOneMore()
    {
        const int Limit = 10;
        using var gate = new Gate();
        var connections = new System.Collections.Concurrent.ConcurrentDictionary<string, byte>();
        await using var backend = await HandlerBackend.StartAsync(
            BackendProtocol.Http2,
            async context =>
            {
                connections.TryAdd(context.Connection.Id, 0);
                if (context.Request.Path == "/long")
                {
                    await context.Response.Body.FlushAsync();
                    await gate.PassAsync(context.RequestAborted);
                }
            },
            limits => limits.Http2.MaxStreamsPerConnection = Limit);
        await using var mesh = await StartAsync(backend.Port);

        var streams = new List<HttpResponseMessage>();
        for (var i = 0; i < 2 * Limit; i++)
        {
            streams.Add(await SendAsync(mesh, "http://orders/long"));
        }

        Assert.Equal(2 * Limit, mesh.ActiveRequests);
        Assert.Equal(2, connections.Count);
        for (var i = 0; i < 50; i++)
        {
            using var response = await SendAsync(mesh);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(3, connections.Count);
        gate.Open(streams.Count);
        foreach (var stream in streams)
        {
            Assert.Empty(await stream.Content.ReadAsByteArrayAsync());
            stream.Dispose();
        }

        Assert.Equal(0, mesh.ActiveRequests);
    }

    private static Http2Peer Start(Func<Http2PeerConnection, int, Task> answer) => Http2Peer.Start(async connection =>
    {
        while (await connection.NextRequestAsync() is { } stream)
        {
            await answer(connection, stream);
        }
    });

    private static Task<MeshFixture> StartAsync(int port) => MeshFixture.StartAsync(
        [.. XdsResources.Service("orders").Take(3), XdsResources.Endpoints("orders-cluster", ("127.0.0.1", port))]);

    private static async Task<HttpResponseMessage> SendAsync(MeshFixture mesh, string uri = "http://orders/")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        return await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
