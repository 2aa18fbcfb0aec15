using System.Net;
using Envoy.Config.Route.V3;
using Google.Protobuf;
using Grpc.Core;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What routes do to requests and responses, over real sockets.</summary>
public sealed class RouteActionTests
{
    [Fact]
    public async Task Send_Redirect_IsAnsweredWithoutTheBackend()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, """
            {"match": {"prefix": "/old"}, "redirect": {"hostRedirect": "new.example", "prefixRewrite": "/new", "responseCode": "TEMPORARY_REDIRECT"},
             "responseHeadersToAdd": [{"header": {"key": "x-code", "value": "%RESPONSE_CODE%"}}]}
            """);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/old/page?q=1"));

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal("http://new.example/new/page?q=1", response.Headers.Location?.OriginalString);
        Assert.Equal("307", response.Headers.GetValues("x-code").Single());
        Assert.Equal(0, backend.RequestCount);
    }

    [Fact]
    public async Task Send_DirectResponse_HasStatusBodyAndType()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, """{"match": {"prefix": "/"}, "directResponse": {"status": 418, "body": {"inlineString": "tea"}}}""");
        using var head = new HttpRequestMessage(HttpMethod.Head, "http://orders/");

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));
        using var headResponse = await mesh.Client.SendAsync(head);

        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal("tea", await response.Content.ReadAsStringAsync());
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("", await headResponse.Content.ReadAsStringAsync());
        Assert.Equal(0, backend.RequestCount);
    }

    [Theory]
    [InlineData(""" "directResponse": {"status": 503, "body": {"inlineString": "be back"}} """, StatusCode.Unavailable, "be back")]
    [InlineData(""" "directResponse": {"status": 403} """, StatusCode.PermissionDenied, "")]
    [InlineData(""" "redirect": {"pathRedirect": "/elsewhere"} """, StatusCode.Unknown, "")]
    public async Task Call_AnsweredByTheRoute_GrpcCallerGetsAStatus(string action, StatusCode status, string detail)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(backend, $$"""{"match": {"prefix": "/"}, {{action}} }""");
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        var exception = await Assert.ThrowsAsync<RpcException>(
            async () => await client.UnaryAsync(new EchoRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default));

        Assert.Equal(status, exception.StatusCode);
        Assert.Equal(detail, exception.Status.Detail);
        Assert.Equal(0, backend.RequestCount);
    }

    [Fact]
    public async Task Send_RewritesAndMutations_ReachTheBackendAndNotTheCaller()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, """
            {"name": "r1", "match": {"prefix": "/api/"},
             "route": {"cluster": "c", "prefixRewrite": "/v2/", "hostRewriteLiteral": "inner.example", "appendXForwardedHost": true},
             "requestHeadersToAdd": [
               {"header": {"key": "x-added", "value": "%ROUTE_NAME% %REQ(:path)% %PROTOCOL%"}},
               {"header": {"key": "content-type", "value": "application/x-own"}, "appendAction": "OVERWRITE_IF_EXISTS_OR_ADD"}],
             "requestHeadersToRemove": ["x-secret"]}
            """);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://orders/api/items?id=7") { Content = new StringContent("body"), Headers = { { "x-secret", "1" } } };
        request.Headers.UserAgent.ParseAdd("app/1.0 (test) lib/2");
        request.Headers.Add("x-many", ["a", "b"]);
        Assert.Equal(4, request.Content.Headers.ContentLength); // Asking for the length writes it down, as sending does without a mesh too.
        var before = request.ToString();

        using var response = await mesh.Client.SendAsync(request);

        var seen = backend.LastRequest!;
        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Equal("/v2/items?id=7", seen.PathAndQuery);
        Assert.Equal("inner.example", seen.Host);
        Assert.Equal("orders", seen.Headers["x-forwarded-host"]);
        Assert.Equal("r1 /api/items?id=7 HTTP/1.1", seen.Headers["x-added"]);
        Assert.Equal("application/x-own", seen.Headers["content-type"]);
        Assert.DoesNotContain("x-secret", seen.Headers.Keys);
        Assert.Equal("app/1.0 (test) lib/2", seen.Headers["user-agent"]);
        Assert.Equal("a, b", seen.Headers["x-many"]);

        Assert.Same(request, response.RequestMessage);
        Assert.Equal(before, request.ToString());
        Assert.Null(request.Headers.Host);
    }

    [Theory]
    [InlineData("""{"match": {"prefix": "/"}, "route": {"cluster": "c", "regexRewrite": {"pattern": {"regex": "/([a-z]+)/([a-z]+)"}, "substitution": "/\\2/\\1"}}}""", "/a/b?q=/x/y", "/b/a?q=/x/y")]
    [InlineData("""{"match": {"prefix": "/a"}, "route": {"cluster": "c", "prefixRewrite": "b"}}""", "/a", "/b")]
    public async Task Send_PathRewrite_KeepsTheQueryAndTheSlash(string route, string path, string expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, route);

        await mesh.BackendOfAsync($"http://orders{path}");

        Assert.Equal(expected, backend.LastRequest!.PathAndQuery);
    }

    [Fact]
    public async Task Send_RewrittenAndFirstEndpointRefuses_ReachesTheNextRewrittenOnce()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var routes = XdsResources.RouteConfiguration("routes", "*", XdsResources.Route("/a", "c"));
        routes.VirtualHosts[0].Routes[0].Route_.PrefixRewrite = "/a/b";
        await using var mesh = await MeshFixture.StartAsync(
            XdsResources.InlineListener("orders", routes),
            XdsResources.Cluster("c"),
            XdsResources.Endpoints("c", ("127.0.0.1", 1), (backend.Address, backend.Port)));

        for (var i = 0; i < 4; i++)
        {
            await mesh.BackendOfAsync($"http://orders/a?{i}");

            Assert.Equal($"/a/b?{i}", backend.LastRequest!.PathAndQuery);
        }
    }

    [Fact]
    public async Task Send_HostFromAHeader_IsSentUnlessItIsNone()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, """{"match": {"prefix": "/"}, "route": {"cluster": "c", "hostRewriteHeader": "x-host"}}""");
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { { "x-host", "tenant.example:81" } } };
        using var wrong = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { { "x-host", "a/b c" } } };

        using var response = await mesh.Client.SendAsync(request);
        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.SendAsync(wrong));

        Assert.Equal("tenant.example:81", backend.LastRequest!.Host);
        Assert.Contains("rewrites the host", exception.Message, StringComparison.Ordinal);
        Assert.Equal(1, backend.RequestCount);
    }

    [Fact]
    public async Task Send_ResponseMutations_ChangeWhatTheCallerSees()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, """
            {"match": {"prefix": "/"}, "route": {"cluster": "c"}, "responseHeadersToRemove": ["x-host", "content-type"],
             "responseHeadersToAdd": [
               {"header": {"key": "x-backend", "value": "also"}},
               {"header": {"key": "x-path", "value": "%RESP(x-path)%!"}, "appendAction": "OVERWRITE_IF_EXISTS"},
               {"header": {"key": "x-never", "value": "1"}, "appendAction": "OVERWRITE_IF_EXISTS"},
               {"header": {"key": "x-code", "value": "%RESPONSE_CODE% %UPSTREAM_CLUSTER%"}, "appendAction": "ADD_IF_ABSENT"}]}
            """);
        using var body = new StringContent("body");

        using var response = await mesh.Client.PostAsync(new Uri("http://orders/p"), body);

        Assert.Equal(["b1", "also"], response.Headers.GetValues("x-backend"));
        Assert.Equal(["/p!"], response.Headers.GetValues("x-path"));
        Assert.Equal(["200 c"], response.Headers.GetValues("x-code"));
        Assert.False(response.Headers.Contains("x-host"));
        Assert.False(response.Headers.Contains("x-never"));
        Assert.Null(response.Content.Headers.ContentType);
        Assert.Equal("body", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Call_RewriteAndMutations_WorkForGrpc()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(backend, """
            {"match": {"prefix": "/", "grpc": {}}, "route": {"cluster": "c", "hostRewriteLiteral": "inner.example"},
             "requestHeadersToAdd": [{"header": {"key": "x-added", "value": "%REQ(:method)%"}}],
             "responseHeadersToAdd": [{"header": {"key": "x-seen", "value": "1"}}]}
            """);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using var call = client.UnaryAsync(new EchoRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default);
        var headers = await call.ResponseHeadersAsync;
        await call;

        Assert.Equal("1", headers.GetValue("x-seen"));
        Assert.Equal("inner.example", backend.LastRequest!.Host);
        Assert.Equal("POST", backend.LastRequest.Headers["x-added"]);
    }

    [Fact]
    public async Task Send_VirtualHostRequiresTls_IsSentToHttps()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, """{"match": {"prefix": "/"}, "route": {"cluster": "c"}}""", """ "requireTls": "ALL", """);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/a?b=c"));

        Assert.Equal(HttpStatusCode.MovedPermanently, response.StatusCode);
        Assert.Equal("https://orders/a?b=c", response.Headers.Location?.OriginalString);
        Assert.Equal(0, backend.RequestCount);
    }

    /// <summary>A mesh in which the host <c>orders</c> has this route, and the cluster <c>c</c> this backend.</summary>
    private static Task<MeshFixture> StartAsync(Backend backend, string route, string hostFields = "")
    {
        var routes = JsonParser.Default.Parse<RouteConfiguration>(
            $$"""{"name": "routes", "virtualHosts": [{"name": "orders", "domains": ["*"], {{hostFields}} "routes": [{{route}}]}]}""");
        return MeshFixture.StartAsync(XdsResources.InlineListener("orders", routes), XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend));
    }
}
