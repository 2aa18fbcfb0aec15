using System.Net;
using System.Text.Json.Nodes;
using Envoy.Config.Core.V3;
using Envoy.Service.Ratelimit.V3;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Telemetry;
using ProxylessMesh.Tests.Xds.Resources;
using Code = Envoy.Service.Ratelimit.V3.RateLimitResponse.Types.Code;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Rate limits through the whole mesh, beyond what the records tell.</summary>
public sealed class RateLimitTests
{
    private const string Local = $$""" "@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit", "statPrefix": "orders" """;
    private const string Enabled = """ "filterEnabled": {"defaultValue": {"numerator": 100} } """;
    private const string Enforced = """ "filterEnforced": {"defaultValue": {"numerator": 100} } """;
    private const string OneASecond = """ "tokenBucket": {"maxTokens": 1, "fillInterval": "1s"} """;
    private const string PerRoute = $$""" "@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute" """;
    private const string CountedRoute = """{"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s", "rateLimits": [{"actions": [{"genericKey": {"descriptorValue": "route"} }]}]} }""";

    private static readonly Uri Orders = new("http://orders/");

    [Fact]
    public async Task LocalLimit_TokenComesBack_LetsTheNextThrough()
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        var clock = new FakeTimeProvider();
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener(LocalFilter(OneASecond)), clock, backend);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(mesh));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(mesh));
        clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(mesh));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(mesh));
        Assert.Equal(2, backend.RequestCount);
    }

    /// <summary>An update that leaves a limit as it was gives nobody new tokens.</summary>
    [Fact]
    public async Task LocalLimit_OtherPartOfTheRoutesChanges_KeepsItsTokens()
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener(LocalFilter(OneASecond)), new FakeTimeProvider(), backend);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(mesh));

        await mesh.ControlPlane.SetAsync(FilteredMesh.Listener(LocalFilter(OneASecond), hostFields: """ "responseHeadersToAdd": [{"header": {"key": "x-new", "value": "1"} }], """, routes: $$"""{"match": {"path": "/new"}, "directResponse": {"status": 204} }, {{FilteredMesh.Plain}}"""));
        await Until.TrueAsync(() => mesh.Mesh.Runtime.Snapshot.Listeners["orders"].Routes!.VirtualHosts[0].Routes.Length == 2, "the new routes are there");

        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(mesh));
    }

    [Fact]
    public async Task LocalLimit_NotEnforced_LetsThroughAndTellsTheBackend()
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        var filter = $$"""{"name": "rl", "typedConfig": { {{Local}}, {{Enabled}}, {{OneASecond}}, "requestHeadersToAddWhenNotEnforced": [{"header": {"key": "x-limited", "value": "%REQ(:path)%"} }] } }""";
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener(filter), new FakeTimeProvider(), backend);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(mesh));
        Assert.False(backend.LastRequest!.Headers.ContainsKey("x-limited"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(mesh));
        Assert.Equal("/", backend.LastRequest.Headers["x-limited"]);
    }

    /// <summary>Each row: what is left out of a limit, so that it limits nothing.</summary>
    [Theory]
    [InlineData($"{Enforced}, {OneASecond}")]
    [InlineData($"{Enabled}, {Enforced}")]
    public async Task LocalLimit_NotSwitchedOn_LimitsNothing(string fields)
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener($$"""{"name": "rl", "typedConfig": { {{Local}}, {{fields}} } }"""), new FakeTimeProvider(), backend);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK], [await StatusAsync(mesh), await StatusAsync(mesh), await StatusAsync(mesh)]);
    }

    [Fact]
    public async Task LocalLimit_WhileSomebodyListens_CountsWhatBecameOfRequests()
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener(LocalFilter(OneASecond)), new FakeTimeProvider(), backend);
        using var log = new MeasurementLog(mesh.Mesh.Runtime.Meter);

        await StatusAsync(mesh);
        await StatusAsync(mesh);

        Assert.Equal(
            ["mesh.client.local_rate_limit.requests{mesh.rate_limit.name=orders,mesh.rate_limit.outcome=ok}", "mesh.client.local_rate_limit.requests{mesh.rate_limit.name=orders,mesh.rate_limit.outcome=over_limit}"],
            log.Series("mesh.client.local_rate_limit.requests"));
    }

    /// <summary>A service outside the mesh, which counts by itself.</summary>
    [Fact]
    public async Task GlobalLimit_ServiceByAddress_RefusesWhatIsOverItsLimit()
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        await using var service = await RateLimitServer.StartCountingAsync(limit: 2);
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener(GlobalFilter(ByAddress(service)), CountedRoute), backend);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], [await StatusAsync(mesh), await StatusAsync(mesh), await StatusAsync(mesh)]);
        Assert.Equal(2, backend.RequestCount);
    }

    /// <summary>Each row: what the route and the virtual host say, and what the service is asked.</summary>
    [Theory]
    [InlineData("", "shop: route")]
    [InlineData($$""" {{PerRoute}}, "vhRateLimits": "INCLUDE" """, "shop: route host")]
    [InlineData($$""" {{PerRoute}}, "domain": "other" """, "other: route")]
    [InlineData($$""" {{PerRoute}}, "rateLimits": [{"actions": [{"genericKey": {"descriptorValue": "own"} }], "hitsAddend": {"number": 3} }] """, "shop: own*3")]
    public async Task GlobalLimit_RouteSaysMore_IsAskedSo(string perRoute, string asked)
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        await using var service = await RateLimitServer.StartAsync(static (_, _) => Task.FromResult(new RateLimitResponse { OverallCode = Code.Ok }));
        var fields = $"{(perRoute.Length > 0 ? $"{FilteredMesh.Override("limits", perRoute)}," : "")} {HostLimits}";
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener(GlobalFilter(ByAddress(service)), CountedRoute, hostFields: fields), backend);

        await StatusAsync(mesh);

        var question = Assert.Single(service.Requests);
        Assert.Equal(asked, $"{question.Domain}: {string.Join(' ', question.Descriptors.Select(static descriptor => $"{descriptor.Entries[0].Value}{(descriptor.HitsAddend is { } hits ? $"*{hits}" : "")}"))}");
    }

    /// <summary>What the service notes is there for whoever comes next: here another filter of the same kind, which counts by it.</summary>
    [Fact]
    public async Task GlobalLimit_AnswerWithMetadata_IsThereForTheNextFilter()
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        await using var service = await RateLimitServer.StartAsync(static (_, _) => Task.FromResult(new RateLimitResponse
        {
            OverallCode = Code.Ok,
            DynamicMetadata = new Struct { Fields = { ["tier"] = Value.ForString("gold") } },
            RequestHeadersToAdd = { new HeaderValue { Key = "x-told", Value = "yes" } },
        }));
        const string ByTier =
            """
            {"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s", "rateLimits": [
              {"actions": [{"genericKey": {"descriptorValue": "first"} }]},
              {"stage": 1, "actions": [{"metadata": {"descriptorKey": "tier", "metadataKey": {"key": "envoy.filters.http.ratelimit", "path": [{"key": "tier"}]} } }, {"requestHeaders": {"headerName": "x-told", "descriptorKey": "told"} }]} ]} }
            """;
        var filters = $"{GlobalFilter(ByAddress(service))}, {GlobalFilter(ByAddress(service), """ "stage": 1, """, "second")}";
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener(filters, ByTier), backend);

        await StatusAsync(mesh);

        Assert.Equal(["generic_key=first", "tier=gold told=yes"], service.Requests.Select(static question => string.Join(' ', question.Descriptors.Single().Entries.Select(static entry => $"{entry.Key}={entry.Value}"))));
        Assert.Equal("yes, yes", backend.LastRequest!.Headers["x-told"]); // each answer adds one
    }

    /// <summary>A cluster that never comes is no answer: the filter says what that means.</summary>
    [Theory]
    [InlineData("", HttpStatusCode.OK)]
    [InlineData(""" "failureModeDeny": true, """, HttpStatusCode.InternalServerError)]
    [InlineData(""" "failureModeDenyPercent": {"defaultValue": {"numerator": 100} }, "statusOnError": {"code": "ServiceUnavailable"}, """, HttpStatusCode.ServiceUnavailable)]
    public async Task GlobalLimit_ClusterDoesNotCome_IsNotWaitedForLongerThanTheTimeout(string fields, HttpStatusCode expected)
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener(GlobalFilter("""{"envoyGrpc": {"clusterName": "nowhere"} }""", $"{fields} \"timeout\": \"0.02s\","), CountedRoute), backend);

        Assert.Equal(expected, await StatusAsync(mesh));
    }

    [Fact]
    public async Task GlobalLimit_CallerGivesUp_IsCancelled()
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        using var asked = new SemaphoreSlim(0);
        await using var service = await RateLimitServer.StartAsync(async (_, context) =>
        {
            asked.Release();
            await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken); // never answers
            return new RateLimitResponse();
        });
        await using var mesh = await FilteredMesh.StartAsync(FilteredMesh.Listener(GlobalFilter(ByAddress(service)), CountedRoute), backend);
        using var giveUp = new CancellationTokenSource();

        var sending = mesh.Client.GetAsync(Orders, giveUp.Token);
        Assert.True(await asked.WaitAsync(TestTimeouts.Default));
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal(0, backend.RequestCount);
    }

    /// <summary>The connection goes with the last filter that needs it, and so does the hold on the cluster.</summary>
    [Fact]
    public async Task GlobalLimit_FilterIsTakenAway_ClosesItsConnections()
    {
        await using var backend = await Backend.StartAsync("b", BackendProtocol.Http1);
        await using var service = await RateLimitServer.StartCountingAsync(limit: 1000);
        await using var mesh = await MeshFixture.StartAsync(
            FilteredMesh.Listener(GlobalFilter("""{"envoyGrpc": {"clusterName": "limits"} }"""), CountedRoute),
            XdsResources.Cluster("c"),
            XdsResources.Endpoints("c", backend),
            XdsResources.Cluster("limits"),
            XdsResources.Endpoints("limits", ("127.0.0.1", service.Port)));
        await StatusAsync(mesh);
        Assert.Single(service.Requests);
        Assert.Equal(1, service.OpenConnectionCount);

        await mesh.ControlPlane.SetAsync(FilteredMesh.Listener(""));

        await Until.TrueAsync(() => service.OpenConnectionCount == 0, "the connection to the service is closed");
        await Until.TrueAsync(() => !mesh.Mesh.Runtime.Snapshot.Clusters.ContainsKey("limits"), "the cluster is let go");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(mesh));
        Assert.Single(service.Requests);
    }

    private const string HostLimits = """ "rateLimits": [{"actions": [{"genericKey": {"descriptorValue": "host"} }]}], """;

    private static string LocalFilter(string bucket) => $$"""{"name": "rl", "typedConfig": { {{Local}}, {{Enabled}}, {{Enforced}}, {{bucket}} } }""";

    private static string GlobalFilter(string service, string fields = """ "timeout": "30s", """, string name = "limits") => $$"""
        {"name": "{{name}}", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.ratelimit.v3.RateLimit", {{fields}} "domain": "shop", "rateLimitService": {"grpcService": {{service}} } } }
        """;

    private static string ByAddress(RateLimitServer service) => new JsonObject { ["googleGrpc"] = new JsonObject { ["targetUri"] = $"127.0.0.1:{service.Port}", ["statPrefix"] = "s" } }.ToJsonString();

    private static async Task<HttpStatusCode> StatusAsync(MeshFixture mesh)
    {
        using var response = await mesh.Client.GetAsync(Orders);
        return response.StatusCode;
    }
}
