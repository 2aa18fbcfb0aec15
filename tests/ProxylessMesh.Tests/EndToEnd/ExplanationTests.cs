using System.Net;
using Grpc.Core;
using ProxylessMesh.Tests.EndToEnd.Istio;
using ProxylessMesh.Tests.Filters;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds.Resources;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What the mesh says of a request and why it went where it went, over real sockets.</summary>
public sealed class ExplanationTests
{
    private const string Shop = """
        { "name": "shop-routes", "virtualHosts": [
          { "name": "billing", "domains": ["billing"], "routes": [] },
          { "name": "shop", "domains": ["shop"], "routes": [
            { "name": "canary", "match": { "prefix": "/", "headers": [{ "name": "x-canary", "stringMatch": { "exact": "1" } }] }, "route": { "cluster": "c" } },
            { "name": "old", "match": { "prefix": "/old" }, "redirect": { "pathRedirect": "/new" } },
            { "name": "lost", "match": { "prefix": "/lost" }, "route": { "clusterHeader": "x-to" } },
            { "name": "rest", "match": { "prefix": "/" }, "route": { "cluster": "c", "timeout": "5s" } } ] } ] }
        """;

    [Fact]
    public async Task Get_Captured_TellsTheWholeRoad()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend);
        using var capture = MeshExplanation.Capture();

        using var request = new HttpRequestMessage(HttpMethod.Get, "http://shop/items?token=s3cr3t") { Headers = { { "x-canary", "s3cr3t" }, { "authorization", "s3cr3t" } } };
        using var response = await mesh.Client.SendAsync(request);

        var explanation = Assert.Single(capture.Requests);
        Assert.Equal(("GET", "http://shop/items?*", "shop", "shop-routes"), (explanation.Method, explanation.Uri, explanation.Listener, explanation.RouteConfiguration));
        Assert.Equal(("shop", "rest", "c", "the route's only one"), (explanation.VirtualHost, explanation.Route, explanation.Cluster, explanation.ClusterReason));
        Assert.Equal(["billing: none of its domains is 'shop': billing", "shop: "], explanation.VirtualHosts.Select(static candidate => $"{candidate.Name}: {candidate.Rejection}"));
        Assert.Equal(
            ["canary: asks for header 'x-canary' exact '1', and the request has another", "old: asks for path prefix '/old'", "lost: asks for path prefix '/lost'", "rest: "],
            explanation.Routes.Select(static candidate => $"{candidate.Name}: {candidate.Rejection}"));
        Assert.Equal(["timeout 5 s"], explanation.Limits);
        Assert.Empty(explanation.Filters);
        var attempt = Assert.Single(explanation.Attempts);
        Assert.Equal((1, $"127.0.0.1:{backend.Port}", "test//", (int?)0), (attempt.Number, attempt.Endpoint, attempt.Locality, attempt.Priority));
        Assert.Equal(("round robin", "200", "handed to the caller"), (attempt.Reason, attempt.Outcome, attempt.Consequence));
        Assert.Equal((true, 200, "", "via_upstream"), (explanation.IsComplete, explanation.StatusCode, explanation.ResponseFlags, explanation.ResponseDetails));
        Assert.Equal(
            $"""
            GET http://shop/items?*: listener 'shop', route configuration 'shop-routes'
              waits for listener 'shop'
              waits for cluster 'c'
              virtual host 'shop'
                not 'billing': none of its domains is 'shop': billing
              route 'rest'
                not 'canary': asks for header 'x-canary' exact '1', and the request has another
                not 'old': asks for path prefix '/old'
                not 'lost': asks for path prefix '/lost'
              cluster 'c': the route's only one
              limits: timeout 5 s
              attempt 1 to 127.0.0.1:{backend.Port} (priority 0, locality test//, round robin): 200; handed to the caller
              end: 200 via_upstream
            """.ReplaceLineEndings(),
            WithWaits(explanation));
        Assert.DoesNotContain("s3cr3t", capture.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_Captured_TellsTheEndpointAndTheStatus()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;
        using var capture = MeshExplanation.Capture();

        await client.UnaryAsync(new EchoRequest());
        await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(new EchoRequest { FailWith = (int)StatusCode.NotFound }));
        using var bidi = client.Bidi();
        await bidi.RequestStream.WriteAsync(new EchoRequest());
        Assert.True(await bidi.ResponseStream.MoveNext());
        await bidi.RequestStream.CompleteAsync();

        Assert.Equal(3, capture.Requests.Count);
        Assert.All(capture.Requests, request => Assert.Equal(("POST", "orders-routes-host", "#0", "orders-cluster"), (request.Method, request.VirtualHost, request.Route, request.Cluster)));
        Assert.Equal(["200", "200, grpc-status 5", "200"], capture.Requests.Select(static request => Assert.Single(request.Attempts).Outcome));
        Assert.All(capture.Requests, static request => Assert.Equal("via_upstream", request.ResponseDetails));
    }

    [Theory]
    [InlineData("/old/1", HttpStatusCode.MovedPermanently, "old", null, "", "direct_response")]
    [InlineData("/lost", HttpStatusCode.ServiceUnavailable, "lost", null, "NC", "cluster_not_found")]
    public async Task Get_AnsweredByTheRoute_SaysSo(string path, HttpStatusCode status, string route, string? cluster, string flags, string details)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend);
        using var capture = MeshExplanation.Capture();

        using var response = await mesh.Client.GetAsync(new Uri($"http://shop{path}"));

        var explanation = Assert.Single(capture.Requests);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(((int?)status, route, cluster), (explanation.StatusCode, explanation.Route, explanation.Cluster));
        Assert.Equal((flags, details), (explanation.ResponseFlags, explanation.ResponseDetails));
        Assert.Empty(explanation.Attempts);
    }

    [Fact]
    public async Task Get_NoRouteAndNoVirtualHost_NamesEveryCandidate()
    {
        await using var mesh = await MeshFixture.StartAsync(
            XdsResources.InlineListener("orders", XdsResources.RouteConfiguration("r", "orders", XdsResources.Route("/a", "c"), XdsResources.Route("/b", "c"))));
        using var capture = MeshExplanation.Capture();

        await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.GetAsync(new Uri("http://orders/?token=s3cr3t")));
        using var other = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { Host = "other" } };
        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.SendAsync(other));

        var (noRoute, noHost) = (capture.Requests[0], capture.Requests[1]);
        Assert.Equal(["#0: asks for path prefix '/a'", "#1: asks for path prefix '/b'"], noRoute.Routes.Select(static candidate => $"{candidate.Name}: {candidate.Rejection}"));
        Assert.Equal(("r-host", null, "NR", "route_not_found"), (noRoute.VirtualHost, noRoute.Route, noRoute.ResponseFlags, noRoute.ResponseDetails));
        Assert.Equal(["r-host: none of its domains is 'other': orders"], noHost.VirtualHosts.Select(static candidate => $"{candidate.Name}: {candidate.Rejection}"));
        Assert.Equal((null, true, null), (noHost.VirtualHost, noHost.IsComplete, noHost.StatusCode));
        Assert.Contains(exception.Message, noHost.Notes);
        Assert.DoesNotContain("s3cr3t", capture.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ThroughFilters_TellsWhatEachDid()
    {
        const string Type = ResourceJson.Type + "envoy.extensions.filters.http.";
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await FilterMesh.StartAsync(
            backend,
            $$"""
            { "name": "fault", "typedConfig": { "@type": "{{Type}}fault.v3.HTTPFault", "abort": { "httpStatus": 503, "percentage": { "numerator": 100 } }, "headers": [{ "name": "x-fail", "presentMatch": true }] } },
            { "name": "change", "typedConfig": { "@type": "{{Type}}header_mutation.v3.HeaderMutation", "mutations": { "requestMutations": [{ "append": { "header": { "key": "x-new", "value": "1" } } }] } } }
            """,
            """ "virtualHosts": [{ "name": "h", "domains": ["*"], "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": "c", "timeout": "0s" } }] }] """);
        using var capture = MeshExplanation.Capture();

        await mesh.BackendOfAsync("http://orders/");
        using var failing = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { { "x-fail", "1" } } };
        using var response = await mesh.Client.SendAsync(failing);

        Assert.Equal(
            [new MeshFilterAction("fault", "has nothing to do"), new MeshFilterAction("change", "passes a changed request on")],
            capture.Requests[0].Filters);
        Assert.Equal("1", backend.LastRequest!.Headers["x-new"]);
        var aborted = capture.Requests[1];
        Assert.Equal((503, "FI", "fault_filter_abort"), (aborted.StatusCode, aborted.ResponseFlags, aborted.ResponseDetails));
        Assert.Equal(new MeshFilterAction("fault", "answers by itself: 503"), aborted.Filters[^1]);
        Assert.Empty(aborted.Attempts);
    }

    [Fact]
    public async Task Get_TriedAgain_TellsEachTryAndWhyItWasTheLast()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(
            Listeners.Of("orders", """
                { "name": "r", "virtualHosts": [{ "name": "h", "domains": ["*"], "routes": [
                  { "match": { "prefix": "/" }, "route": { "cluster": "c", "timeout": "0s", "retryPolicy": { "retryOn": "5xx", "numRetries": 1, "perTryTimeout": "20s" } } }] }] }
                """),
            XdsResources.Cluster("c"),
            XdsResources.Endpoints("c", backend));
        using var capture = MeshExplanation.Capture();

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/status/503"));

        var explanation = Assert.Single(capture.Requests);
        Assert.Equal(["num_retries 1 on 5xx", "per_try_timeout 20 s"], explanation.Limits);
        Assert.Equal(
            ["1: 503; tried again", "2: 503; not tried again: num_retries is 1"],
            explanation.Attempts.Select(static attempt => $"{attempt.Number}: {attempt.Outcome}; {attempt.Consequence}"));
        Assert.Equal(("URX", "via_upstream"), (explanation.ResponseFlags, explanation.ResponseDetails));
    }

    [Fact]
    public async Task Get_EndpointRefuses_TellsBothAttemptsAndWhoBacksOff()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(
            XdsResources.Listener("orders", "r"),
            XdsResources.Routes("r", XdsResources.Route("/", "c")),
            XdsResources.Cluster("c"),
            XdsResources.Endpoints("c", ("127.0.0.1", 1), (backend.Address, backend.Port)));
        using var capture = MeshExplanation.Capture();

        for (var i = 0; i < 3; i++)
        {
            await mesh.BackendOfAsync("http://orders/");
        }

        var refused = Assert.Single(capture.Requests, static request => request.Attempts.Count == 2);
        Assert.Equal(
            [
                "127.0.0.1:1: upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}; another endpoint is tried",
                $"127.0.0.1:{backend.Port}: 200; handed to the caller",
            ],
            refused.Attempts.Select(static attempt => $"{attempt.Endpoint}: {attempt.Outcome}; {attempt.Consequence}"));
        Assert.Equal("round robin, passing over what backs off: 127.0.0.1:1", Assert.Single(capture.Requests[2].Attempts).Reason);
    }

    [Fact]
    public async Task Get_WaitsForItsCluster_IsReadableMeanwhileAndTellsWhatItWaitedFor()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Listener("orders", "r"), XdsResources.Routes("r", XdsResources.Route("/", "late")));
        using var capture = MeshExplanation.Capture();

        var waiting = mesh.BackendOfAsync("http://orders/");
        await Until.TrueAsync(() => capture.Requests is [{ Notes: [.., "waits for cluster 'late'"] }], "the request waits for its cluster");
        var meanwhile = Assert.Single(capture.Requests);
        await mesh.ControlPlane.SetAsync(XdsResources.Cluster("late"), XdsResources.Endpoints("late", backend));
        await waiting;

        Assert.Equal((false, "#0", null, ""), (meanwhile.IsComplete, meanwhile.Route, meanwhile.StatusCode, meanwhile.ResponseDetails));
        Assert.EndsWith("under way", meanwhile.ToString(), StringComparison.Ordinal);
        var explanation = Assert.Single(capture.Requests);
        Assert.True(explanation.Waited > TimeSpan.Zero);
        Assert.Equal(("late", "via_upstream"), (explanation.Cluster, explanation.ResponseDetails));
    }

    [Fact]
    public async Task Get_CallerLosesPatience_EndsAsAProxyWouldSay()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend);
        using var capture = MeshExplanation.Capture();
        using var patience = new CancellationTokenSource();

        var sending = mesh.Client.GetAsync(new Uri("http://shop/slow"), patience.Token);
        await Until.TrueAsync(() => backend.RequestCount == 1, "the request is at the backend");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);

        var explanation = Assert.Single(capture.Requests);
        Assert.Equal(("DC", "downstream_remote_disconnect", null), (explanation.ResponseFlags, explanation.ResponseDetails, explanation.StatusCode));
    }

    [Fact]
    public async Task Capture_ConcurrentFlows_EachGetsItsOwnRequests()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend);

        var flows = await Task.WhenAll(Enumerable.Range(0, 20).Select(async flow =>
        {
            await Task.Yield();
            using var capture = MeshExplanation.Capture();
            await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => mesh.BackendOfAsync($"http://shop/{flow}")));
            return capture;
        }));
        await mesh.BackendOfAsync("http://shop/outside");

        Assert.All(flows.Index(), static flow => Assert.Equal(Enumerable.Repeat($"http://shop/{flow.Index}", 5), flow.Item.Requests.Select(static request => request.Uri)));
    }

    [Fact]
    public async Task Capture_WithinAnother_FillsBothUntilItIsClosed()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend);
        using var outer = MeshExplanation.Capture();

        await mesh.BackendOfAsync("http://shop/1");
        using (var inner = MeshExplanation.Capture())
        {
            await mesh.BackendOfAsync("http://shop/2");
            Assert.Equal(["http://shop/2"], inner.Requests.Select(static request => request.Uri));
        }

        await mesh.BackendOfAsync("http://shop/3");
        outer.Dispose();
        await mesh.BackendOfAsync("http://shop/4");

        Assert.Equal(["http://shop/1", "http://shop/2", "http://shop/3"], outer.Requests.Select(static request => request.Uri));
    }

    [Theory]
    [InlineData("ProxylessMesh.MeshExplanation", 2)]
    [InlineData(null, 0)]
    public async Task Log_CategoryAtDebug_HasEachRequestOnce(string? category, int expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync(Resources(backend));
        using var loggers = new RecordingLoggers(category);
        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = BootstrapJson.Insecure(controlPlane.ServerUri) }, loggers, CancellationToken.None);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };

        using var response = await client.GetAsync(new Uri("http://shop/"));
        await Assert.ThrowsAsync<MeshRequestException>(() => client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://shop/") { Headers = { Host = "other" } }));

        var lines = loggers.Lines.Where(static line => line.StartsWith("GET http://shop/: ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(expected, lines.Length);
        if (expected > 0)
        {
            Assert.EndsWith("end: 200 via_upstream", lines[0], StringComparison.Ordinal);
            Assert.EndsWith("end: route_not_found (NR)", lines[1], StringComparison.Ordinal);
        }
    }

    /// <summary>Whether a first request waits depends on who is faster: the control plane, or the test.</summary>
    private static string WithWaits(MeshExplanation explanation)
    {
        var lines = explanation.ToString().Split(Environment.NewLine).Where(static line => !line.StartsWith("  waits for", StringComparison.Ordinal)).ToList();
        lines.InsertRange(1, ["  waits for listener 'shop'", "  waits for cluster 'c'"]);
        return string.Join(Environment.NewLine, lines);
    }

    private static Task<MeshFixture> StartAsync(Backend backend) => MeshFixture.StartAsync(Resources(backend));

    private static IEnumerable<Google.Protobuf.WellKnownTypes.Any> Resources(Backend backend)
        => [Listeners.Of("shop", Shop), XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend)];
}
