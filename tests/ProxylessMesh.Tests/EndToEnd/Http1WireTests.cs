using System.Net;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What servers send over HTTP/1.1 that Kestrel would not, byte by byte (RFC 9112), and what becomes of the lease and the connection.</summary>
public sealed class Http1WireTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    public static TheoryData<string, string, int, string> Answers => new()
    {
        { "informational responses before the final one", "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n" + Ok, 200, "ok" },
        { "100 that nobody asked for", "HTTP/1.1 100 Continue\r\n\r\n" + Ok, 200, "ok" },
        { "chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;ext=1\r\nk\r\n0\r\n\r\n", 200, "ok" },
        { "204 with nothing", "HTTP/1.1 204 No Content\r\n\r\n", 204, "" },
        { "304 with a length and no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304, "" },
        { "an upgrade that is refused", "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno", 426, "no" },
        { "a header of 50,000 bytes", $"HTTP/1.1 200 OK\r\nx-large: {new string('x', 50_000)}\r\nContent-Length: 2\r\n\r\nok", 200, "ok" },
        { "a status that is not known", "HTTP/1.1 299 Whatever\r\nContent-Length: 0\r\n\r\n", 299, "" },
    };

    public static TheoryData<string, string> BrokenAnswers => new()
    {
        { "no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n" },
        { "headers larger than 64 KiB", $"HTTP/1.1 200 OK\r\nx-large: {new string('x', 70_000)}\r\nContent-Length: 0\r\n\r\n" },
        { "no end of the headers", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" },
        { "a body shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort" },
        { "a chunk that breaks off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab" },
        { "no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n" },
        { "a chunk length that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Answer_OfEachForm_ReachesTheCallerAndKeepsTheConnection(string form, string answer, int status, string body)
    {
        await using var peer = Http1Peer.StartAnswering(answer);
        await using var mesh = await StartAsync(peer.Port);

        for (var i = 0; i < 2; i++)
        {
            using var response = await mesh.Client.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead);

            Assert.Equal((status, body), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
            Assert.Equal(0, mesh.ActiveRequests);
        }

        Assert.True(peer.ConnectionCount == 1, form);
    }

    [Theory]
    [MemberData(nameof(BrokenAnswers))]
    public async Task Answer_Broken_IsAnErrorGivesTheLeaseBackAndClosesTheConnection(string form, string answer)
    {
        await using var peer = Http1Peer.Start(async connection =>
        {
            await connection.NextRequestAsync();
            await connection.SendAsync(answer);
        });
        await using var mesh = await StartAsync(peer.Port);

        var exception = await Assert.ThrowsAnyAsync<HttpRequestException>(() => mesh.Client.GetAsync(new Uri("http://orders/")));

        Assert.True(exception is not MeshRequestException { Reason: not MeshFailureReason.ConnectionReset }, form);
        Assert.True(mesh.ActiveRequests == 0, form);
        await Until.TrueAsync(() => peer.OpenConnectionCount == 0, $"the connection is closed after: {form}");
    }

    [Fact]
    public async Task Body_ToTheEndOfTheConnection_IsReadWhole()
    {
        await using var peer = Http1Peer.Start(async connection =>
        {
            await connection.NextRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
        });
        await using var mesh = await StartAsync(peer.Port);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead);

        Assert.Null(response.Content.Headers.ContentLength);
        Assert.Equal("all of it", await response.Content.ReadAsStringAsync());
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Trailers_OfChunks_ReachTheCaller()
    {
        await using var peer = Http1Peer.StartAnswering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: 2\r\n\r\n");
        await using var mesh = await StartAsync(peer.Port);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal("ok", await response.Content.ReadAsStringAsync());
        Assert.Equal("2", response.TrailingHeaders.GetValues("x-sum").Single());
    }

    [Fact]
    public async Task Head_WithALengthAndNoBody_KeepsTheConnection()
    {
        await using var peer = Http1Peer.StartAnswering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        await using var mesh = await StartAsync(peer.Port);

        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, "http://orders/");
            using var response = await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(1000, response.Content.Headers.ContentLength);
            Assert.Empty(await response.Content.ReadAsByteArrayAsync());
            Assert.Equal(0, mesh.ActiveRequests);
        }

        Assert.Equal(1, peer.ConnectionCount);
    }

    /// <summary>A reused connection that closes without a word: the server may have closed it before it saw the request, or have processed it.</summary>
    [Theory]
    [InlineData("GET", true)]
    [InlineData("PUT", true)]
    [InlineData("DELETE", true)]
    [InlineData("POST", false)]
    [InlineData("PATCH", false)]
    [InlineData("PURGE", false)]
    [InlineData("GET", true, 2)]
    [InlineData("POST", false, 2)]
    public async Task ReusedConnection_ClosesWithoutAnAnswer_OnlyAnIdempotentRequestIsSentAgain(string method, bool isSentAgain, int major = 1)
    {
        await using var peer = Http1Peer.Start(async connection =>
        {
            // The first connection answers once and swallows the second request; others answer.
            for (var i = 0; connection.Number > 1 || i < 2; i++)
            {
                if (await connection.NextRequestAsync() is null)
                {
                    return;
                }

                if (connection.Number > 1 || i == 0)
                {
                    await connection.SendAsync(Ok);
                }
            }
        });
        await using var mesh = await StartAsync(peer.Port);
        using var first = new HttpRequestMessage(new HttpMethod(method), "http://orders/") { Version = new Version(major, major == 2 ? 0 : 1) }; // "or lower", which plaintext is
        using var second = new HttpRequestMessage(new HttpMethod(method), "http://orders/") { Version = new Version(major, major == 2 ? 0 : 1) }; // "or lower", which plaintext is
        using var warm = await mesh.Client.SendAsync(first);

        if (isSentAgain)
        {
            using var response = await mesh.Client.SendAsync(second);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        else
        {
            var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.SendAsync(second));
            Assert.Equal(MeshFailureReason.ConnectionReset, exception.Reason);
            Assert.Null(second.Content);
        }

        Assert.Equal(isSentAgain ? 3 : 2, peer.Requests.Count);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Post_WithoutContent_SaysThatItsLengthIsZero()
    {
        var heads = new List<string>();
        await using var peer = Http1Peer.Start(async connection =>
        {
            heads.Add(await connection.NextRequestAsync() ?? "");
            await connection.SendAsync(Ok);
        });
        await using var mesh = await StartAsync(peer.Port);

        using var response = await mesh.Client.PostAsync(new Uri("http://orders/"), content: null);

        var head = Assert.Single(heads);
        Assert.Contains("\r\nContent-Length: 0\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Content-Type", head, StringComparison.OrdinalIgnoreCase);
    }

    private static Task<MeshFixture> StartAsync(int port) => MeshFixture.StartAsync(
        [.. XdsResources.Service("orders").Take(3), XdsResources.Endpoints("orders-cluster", ("127.0.0.1", port))]);
}
