using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What HTTP can do, through the mesh as without it (RFC 9110, 9112, 9113).</summary>
public sealed class HttpSemanticsTests
{
    public static TheoryData<BackendProtocol> Protocols => [BackendProtocol.Http1, BackendProtocol.Http2];

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Head_ResponseWithALength_KeepsTheHeadersAndHasNoBody(BackendProtocol protocol)
    {
        await using var backend = await HandlerBackend.StartAsync(protocol, context =>
        {
            context.Response.ContentLength = 1234;
            return Task.CompletedTask;
        });
        await using var mesh = await StartAsync(backend);

        using var response = await SendAsync(mesh, protocol, HttpMethod.Head);

        Assert.Equal(1234, response.Content.Headers.ContentLength);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        AssertNothingUnderWay(mesh);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Response_WithoutBody_IsOverWithItsHeaders(BackendProtocol protocol)
    {
        foreach (var status in new[] { StatusCodes.Status204NoContent, StatusCodes.Status304NotModified, StatusCodes.Status200OK })
        {
            await using var backend = await HandlerBackend.StartAsync(protocol, context =>
            {
                context.Response.StatusCode = status;
                return Task.CompletedTask;
            });
            await using var mesh = await StartAsync(backend);

            using var response = await SendAsync(mesh, protocol, HttpMethod.Get);

            Assert.Equal(status, (int)response.StatusCode);
            Assert.Empty(await response.Content.ReadAsByteArrayAsync());
            AssertNothingUnderWay(mesh);
        }
    }

    [Fact]
    public async Task Trailers_OfTheResponse_ReachTheCaller()
    {
        await using var backend = await HandlerBackend.StartAsync(BackendProtocol.Http2, async context =>
        {
            context.Response.DeclareTrailer("x-sum");
            await context.Response.WriteAsync("body");
            context.Response.AppendTrailer("x-sum", "4");
        });
        await using var mesh = await StartAsync(backend);

        using var response = await SendAsync(mesh, BackendProtocol.Http2, HttpMethod.Get);

        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Equal("4", response.TrailingHeaders.GetValues("x-sum").Single());
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task ExpectContinue_BodyIsSentAfterTheServerAsksForIt(BackendProtocol protocol)
    {
        await using var backend = await HandlerBackend.StartAsync(protocol, EchoAsync);
        await using var mesh = await StartAsync(backend);

        using var response = await SendAsync(mesh, protocol, HttpMethod.Post, request =>
        {
            request.Headers.ExpectContinue = true;
            request.Content = new StringContent("body");
        });

        Assert.Equal("body", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task ExpectContinue_ServerRefuses_BodyIsNotNeeded(BackendProtocol protocol)
    {
        await using var backend = await HandlerBackend.StartAsync(protocol, context =>
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return Task.CompletedTask;
        });
        await using var mesh = await StartAsync(backend);

        using var response = await SendAsync(mesh, protocol, HttpMethod.Post, request =>
        {
            request.Headers.ExpectContinue = true;
            request.Content = new StringContent("body");
        });

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Headers_LargeAndMany_GoBothWays(BackendProtocol protocol)
    {
        var large = new string('x', 20_000);
        await using var backend = await HandlerBackend.StartAsync(
            protocol,
            context =>
            {
                context.Response.Headers["x-large"] = context.Request.Headers["x-large"];
                context.Response.Headers["x-many"] = context.Request.Headers["x-many"].ToArray();
                return Task.CompletedTask;
            },
            limits =>
            {
                limits.MaxRequestHeadersTotalSize = 65_536;
                limits.Http2.MaxRequestHeaderFieldSize = 32_768;
            });
        await using var mesh = await StartAsync(backend);

        using var response = await SendAsync(mesh, protocol, HttpMethod.Get, request =>
        {
            request.Headers.Add("x-large", large);
            request.Headers.Add("x-many", ["a", "b", "c"]);
        });

        Assert.Equal(large, response.Headers.GetValues("x-large").Single());
        Assert.Equal("a, b, c", string.Join(", ", response.Headers.GetValues("x-many")));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Body_OfUnknownLength_GoesBothWays(BackendProtocol protocol)
    {
        await using var backend = await HandlerBackend.StartAsync(protocol, EchoAsync);
        await using var mesh = await StartAsync(backend);
        var body = Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31)).ToArray();

        using var response = await SendAsync(mesh, protocol, HttpMethod.Post, request =>
        {
            request.Content = new StreamContent(new MemoryStream(body));
            request.Headers.TransferEncodingChunked = protocol == BackendProtocol.Http1;
        });

        Assert.Null(response.Content.Headers.ContentLength);
        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Body_BreaksOff_IsAnErrorAndTheRequestIsOver(BackendProtocol protocol)
    {
        using var gate = new Gate();
        await using var backend = await HandlerBackend.StartAsync(protocol, async context =>
        {
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            await gate.PassAsync(context.RequestAborted);
            context.Abort();
        });
        await using var mesh = await StartAsync(backend);

        using var response = await SendAsync(mesh, protocol, HttpMethod.Get);
        gate.Open();

        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync());
        AssertNothingUnderWay(mesh);
    }

    [Fact]
    public async Task Redirect_OfABackend_IsTheCallersToFollow()
    {
        await using var backend = await HandlerBackend.StartAsync(BackendProtocol.Http1, context =>
        {
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });
        await using var mesh = await StartAsync(backend);

        using var response = await SendAsync(mesh, BackendProtocol.Http1, HttpMethod.Get);

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
    }

    [Fact]
    public async Task Cookies_OfABackend_AreNotKeptByTheMesh()
    {
        var seen = new List<string>();
        await using var backend = await HandlerBackend.StartAsync(BackendProtocol.Http1, context =>
        {
            seen.Add(context.Request.Headers.Cookie.ToString());
            context.Response.Cookies.Append("session", "1");
            return Task.CompletedTask;
        });
        await using var mesh = await StartAsync(backend);

        using var first = await SendAsync(mesh, BackendProtocol.Http1, HttpMethod.Get);
        using var second = await SendAsync(mesh, BackendProtocol.Http1, HttpMethod.Get);

        Assert.Equal(["", ""], seen);
    }

    [Fact]
    public async Task Upgrade_OfAConnection_WorksBothWays()
    {
        await using var backend = await HandlerBackend.StartAsync(BackendProtocol.Http1, async context =>
        {
            await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
            var buffer = new byte[4];
            await stream.ReadExactlyAsync(buffer);
            await stream.WriteAsync(buffer.Reverse().ToArray());
        });
        await using var mesh = await StartAsync(backend);

        using var response = await SendAsync(mesh, BackendProtocol.Http1, HttpMethod.Get, request =>
        {
            request.Headers.Connection.Add("Upgrade");
            request.Headers.Upgrade.ParseAdd("echo");
        });
        await using var upgraded = await response.Content.ReadAsStreamAsync();
        await upgraded.WriteAsync("ping"u8.ToArray());
        await upgraded.FlushAsync();
        var answer = new byte[4];
        await upgraded.ReadExactlyAsync(answer);

        Assert.Equal(HttpStatusCode.SwitchingProtocols, response.StatusCode);
        Assert.Equal("gnip", Encoding.ASCII.GetString(answer));
    }

    [Fact]
    public async Task Streams_MoreThanOneConnectionCarries_OpenAnotherConnection()
    {
        using var gate = new Gate();
        var connections = new System.Collections.Concurrent.ConcurrentDictionary<string, byte>();
        await using var backend = await HandlerBackend.StartAsync(
            BackendProtocol.Http2,
            async context =>
            {
                connections.TryAdd(context.Connection.Id, 0);
                await gate.PassAsync(context.RequestAborted);
            },
            limits => limits.Http2.MaxStreamsPerConnection = 10);
        await using var mesh = await StartAsync(backend);

        var requests = Enumerable.Range(0, 25).Select(_ => SendAsync(mesh, BackendProtocol.Http2, HttpMethod.Get)).ToArray();
        for (var i = 0; i < requests.Length; i++)
        {
            await gate.ArrivedAsync();
        }

        gate.Open(requests.Length);
        foreach (var request in requests)
        {
            using var response = await request;
        }

        Assert.InRange(connections.Count, 3, 25);
    }

    private static Task EchoAsync(HttpContext context) => context.Request.Body.CopyToAsync(context.Response.Body);

    private static Task<MeshFixture> StartAsync(HandlerBackend backend) => MeshFixture.StartAsync(
        [.. XdsResources.Service("orders").Take(3), XdsResources.Endpoints("orders-cluster", ("127.0.0.1", backend.Port))]);

    private static async Task<HttpResponseMessage> SendAsync(MeshFixture mesh, BackendProtocol protocol, HttpMethod method, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, "http://orders/")
        {
            Version = protocol == BackendProtocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        change?.Invoke(request);
        return await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static void AssertNothingUnderWay(MeshFixture mesh) => Assert.Equal(0, mesh.ActiveRequests);
}
