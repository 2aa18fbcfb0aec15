using System.Net;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What form a request's path and host have when they are matched and sent, over real sockets.</summary>
public sealed class RequestFormTests
{
    /// <summary>Each row: fields of the listener, the path asked for, and the path that is matched and sent.</summary>
    public static TheoryData<string, string, string> Paths => new()
    {
        { "", "//a//b?q=//", "//a//b?q=//" },
        { """ "mergeSlashes": true, """, "//a//b?q=//", "/a/b?q=//" },
        { """ "mergeSlashes": true, """, "/a%2Fb", "/a%2Fb" },
        { """ "pathWithEscapedSlashesAction": "UNESCAPE_AND_FORWARD", """, "/a%2fb%5Cc", "/a/b/c" },
        { """ "normalizePath": true, """, "/a%2F..%2Fb", "/a%2F..%2Fb" },
        { """ "normalizePath": true, "pathWithEscapedSlashesAction": "UNESCAPE_AND_FORWARD", """, "/a%2F..%2Fb", "/b" },
        { """ "normalizePath": true, "mergeSlashes": true, "pathWithEscapedSlashesAction": "UNESCAPE_AND_FORWARD", """, "/x%2F%2F..//a", "/x/a" },
    };

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Send_ListenerNormalizesPaths_RouteAndBackendSeeTheNormalForm(string listener, string path, string expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var route = $$"""{"match": {"path": "{{expected.Split('?')[0]}}"}, "route": {"cluster": "c"} }""";
        await using var mesh = await StartAsync(backend, route, listener);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://orders{path}");
        var uri = request.RequestUri;

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected, backend.LastRequest!.PathAndQuery.Replace("%2f", "%2F", StringComparison.Ordinal));
        Assert.Same(uri, request.RequestUri);
    }

    [Theory]
    [InlineData("REJECT_REQUEST", HttpStatusCode.BadRequest, null)]
    [InlineData("UNESCAPE_AND_REDIRECT", HttpStatusCode.TemporaryRedirect, "/a/b?q=%2F")]
    public async Task Send_EscapedSlashIsNotForwarded_IsAnsweredAtOnce(string action, HttpStatusCode status, string? location)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, """{"match": {"prefix": "/"}, "route": {"cluster": "c"}}""", $""" "pathWithEscapedSlashesAction": "{action}", """);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/a%2Fb?q=%2F"));

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(location, response.Headers.Location?.OriginalString);
        Assert.Equal(0, backend.RequestCount);
    }

    /// <summary>Each row: fields of the listener, the request's own Host, the domain, and whether it answers.</summary>
    public static TheoryData<string, string, string, bool> Hosts => new()
    {
        { "", "Cart.Example", "cart.example", true },
        { "", "cart.example:8080", "cart.example", false },
        { "", "cart.example:8080", "cart.example:8080", true },
        { "", "cart.example.", "cart.example", false },
        { """ "stripAnyHostPort": true, """, "cart.example:8080", "cart.example", true },
        { """ "stripMatchingHostPort": true, """, "cart.example:80", "cart.example", true },
        { """ "stripTrailingHostDot": true, """, "cart.example.", "cart.example", true },
        { """ "stripTrailingHostDot": true, """, "cart.example.:8080", "cart.example:8080", true },
        { """ "stripTrailingHostDot": true, "stripAnyHostPort": true, """, "CART.example.:8080", "cart.example", true },
        { """ "stripAnyHostPort": true, """, "[::1]:8080", "[::1]", true },
    };

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task Send_ListenerNormalizesHosts_DomainsAreMatchedByTheNormalForm(string listener, string host, string domain, bool answers)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, """{"match": {"prefix": "/"}, "route": {"cluster": "c"}}""", listener, domain);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { Host = host } };

        var sending = mesh.Client.SendAsync(request);
        if (!answers)
        {
            Assert.Equal(MeshFailureReason.NoRoute, (await Assert.ThrowsAsync<MeshRequestException>(() => sending)).Reason);
            return;
        }

        using var response = await sending;
        Assert.Equal(host, backend.LastRequest!.Host);
    }

    /// <summary>Each row: a feature of the server, the endpoint's hostname, and the hosts that the backend sees.</summary>
    public static TheoryData<string, string, string, string?> EndpointHosts => new()
    {
        { "trusted_xds_server", "pod-1.example", "pod-1.example", "orders" },
        { "trusted_xds_server", "", "orders", null },
        { "xds_v3", "pod-1.example", "orders", null },
    };

    [Theory]
    [MemberData(nameof(EndpointHosts))]
    public async Task Send_AutoHostRewrite_TakesTheEndpointsHostnameOnATrustedServersWord(string feature, string hostname, string host, string? forwarded)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var route = """{"match": {"prefix": "/"}, "route": {"cluster": "c", "autoHostRewrite": true, "appendXForwardedHost": true}}""";
        var endpoints = XdsResources.LoadAssignment("c", [("127.0.0.1", 1), (backend.Address, backend.Port)]);
        foreach (var endpoint in endpoints.Endpoints[0].LbEndpoints)
        {
            endpoint.Endpoint.Hostname = endpoint.Endpoint.Address.SocketAddress.PortValue == 1 ? "refusing.example" : hostname;
        }

        await using var controlPlane = await ReplayAdsServer.StartAsync([Listeners.Of("orders", Routes(route, "*")), XdsResources.Cluster("c"), Any.Pack(endpoints)]);
        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = BootstrapJson.Insecure(controlPlane.ServerUri, feature: feature) }, CancellationToken.None);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };

        // Whichever endpoint is tried first, it is the one that answers whose name is told.
        for (var i = 0; i < 4; i++)
        {
            using var response = await client.GetAsync(new Uri("http://orders/"));
            Assert.Equal(host, backend.LastRequest!.Host);
            Assert.Equal(forwarded, backend.LastRequest.Headers.GetValueOrDefault("x-forwarded-host"));
        }
    }

    [Fact]
    public async Task Send_AutoHostRewrite_HostnameIsNone_FailsNamingTheEndpoint()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var route = """{"match": {"prefix": "/"}, "route": {"cluster": "c", "autoHostRewrite": true}}""";
        var endpoints = XdsResources.LoadAssignment("c", (backend.Address, backend.Port));
        endpoints.Endpoints[0].LbEndpoints[0].Endpoint.Hostname = "no host";
        await using var controlPlane = await ReplayAdsServer.StartAsync([Listeners.Of("orders", Routes(route, "*")), XdsResources.Cluster("c"), Any.Pack(endpoints)]);
        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = BootstrapJson.Insecure(controlPlane.ServerUri, feature: "trusted_xds_server") }, CancellationToken.None);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => client.GetAsync(new Uri("http://orders/")));

        Assert.Equal(MeshFailureReason.NoRoute, exception.Reason);
        Assert.Contains($"{backend.Address}:{backend.Port}", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, backend.RequestCount);
    }

    private static string Routes(string route, string domain) => $$"""{"name": "routes", "virtualHosts": [{"name": "orders", "domains": ["{{domain}}"], "routes": [{{route}}]}]}""";

    private static Task<MeshFixture> StartAsync(Backend backend, string route, string listener, string domain = "*")
        => MeshFixture.StartAsync(Listeners.Of("orders", Routes(route, domain), listener), XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend));
}
