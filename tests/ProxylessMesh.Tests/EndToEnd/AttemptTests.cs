using System.Net;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Route.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Tries of requests over real sockets: what the recorded cases do not show.</summary>
public sealed class AttemptTests : IDisposable
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(Google.Protobuf.Reflection.TypeRegistry.FromMessages(
        Envoy.Extensions.Retry.Host.PreviousHosts.V3.PreviousHostsPredicate.Descriptor,
        Envoy.Extensions.Retry.Priority.PreviousPriorities.V3.PreviousPrioritiesConfig.Descriptor)));

    private readonly Gate _gate = new();
    private int _requests;

    public void Dispose() => _gate.Dispose();

    [Fact]
    public async Task Retries_ClusterThatAlwaysFails_StayWithinTheBudget()
    {
        const int Callers = 40;
        const int Each = 25;
        await using var backend = await StartAsync(static (context, _) => Status(context, 503));
        await using var mesh = await StartAsync(
            """{"cluster": "c", "retry_policy": {"retry_on": "5xx", "num_retries": 3}}""",
            """, "circuit_breakers": {"thresholds": [{"retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 1}}]}""",
            backend.Port);

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            for (var i = 0; i < Each; i++)
            {
                using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));
                Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            }
        }));

        Assert.InRange(_requests, (Callers * Each) + 1, (int)(Callers * Each * 1.2));
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Retry_BodyThatCanBeReadOnlyOnce_IsNotTriedAgainOrIsSentWhole()
    {
        var bodies = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var backend = await StartAsync(async (context, number) =>
        {
            bodies.Enqueue(await new StreamReader(context.Request.Body).ReadToEndAsync());
            context.Response.StatusCode = number == 1 ? 503 : 200;
        });
        await using var mesh = await StartAsync("""{"cluster": "c", "retry_policy": {"retry_on": "5xx", "num_retries": 3}}""", "", backend.Port);

        using var stream = new OneTimeStream("hello"u8.ToArray());
        using var content = new StreamContent(stream);
        using var response = await mesh.Client.PostAsync(new Uri("http://orders/"), content);

        Assert.All(bodies, static body => Assert.Equal("hello", body));
        Assert.Equal(bodies.Count == 1 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Retry_BodyInMemory_IsSentAgain()
    {
        await using var backend = await StartAsync(static async (context, number) =>
        {
            context.Response.StatusCode = number == 1 ? 503 : 200;
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        await using var mesh = await StartAsync("""{"cluster": "c", "retry_policy": {"retry_on": "5xx"}}""", "", backend.Port);

        using var content = new StringContent("hello");
        using var response = await mesh.Client.PostAsync(new Uri("http://orders/"), content);

        Assert.Equal("hello", await response.Content.ReadAsStringAsync());
        Assert.Equal(2, _requests);
    }

    [Fact]
    public async Task Retry_PreviousHosts_GoesToTheOtherEndpoint()
    {
        await using var bad = await StartAsync(static (context, _) => Status(context, 503));
        await using var good = await HandlerBackend.StartAsync(BackendProtocol.Http1, static context => Status(context, 200));
        await using var mesh = await StartAsync(
            """
            {"cluster": "c", "retry_policy": {"retry_on": "5xx", "host_selection_retry_max_attempts": 50, "retry_back_off": {"base_interval": "0.001s"}, "retry_host_predicate":
              [{"name": "p", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}}]}}
            """,
            """, "lb_policy": "RANDOM" """,
            bad.Port,
            good.Port);

        for (var i = 0; i < 30; i++)
        {
            using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.NotEqual(0, _requests);
    }

    /// <summary>The cluster itself uses no other priority than the first: only retries go further.</summary>
    [Fact]
    public async Task Retry_PreviousPriorities_GoesToTheNextPriority()
    {
        await using var bad = await StartAsync(static (context, _) => Status(context, 503));
        await using var good = await HandlerBackend.StartAsync(BackendProtocol.Http1, static context => Status(context, 200));
        var resources = Resources(
            """
            {"cluster": "c", "retry_policy": {"retry_on": "5xx", "retry_back_off": {"base_interval": "0.001s"}, "retry_priority":
              {"name": "p", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", "update_frequency": 1}}}}
            """,
            "",
            [bad.Port]).ToList();
        var endpoints = XdsResources.LoadAssignment("c", [("127.0.0.1", bad.Port)]);
        var further = XdsResources.LoadAssignment("c", [("127.0.0.1", good.Port)]).Endpoints[0];
        further.Priority = 1;
        endpoints.Endpoints.Add(further);
        resources[^1] = Any.Pack(endpoints);
        await using var mesh = await MeshFixture.StartAsync(resources);

        for (var i = 1; i <= 10; i++)
        {
            using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(i, _requests);
        }
    }

    [Fact]
    public async Task Retry_BackOff_IsWaitedForByTheClock()
    {
        var clock = new FakeTimeProvider();
        await using var backend = await StartAsync(static (context, number) => Status(context, number == 1 ? 503 : 200));
        await using var mesh = await StartAsync("""{"cluster": "c", "retry_policy": {"retry_on": "5xx", "retry_back_off": {"base_interval": "100s"}}, "timeout": "0s"}""", "", clock, backend.Port);

        var sending = mesh.Client.GetAsync(new Uri("http://orders/"));
        await Until.TrueAsync(() => _requests == 1);
        clock.Advance(TimeSpan.FromSeconds(79)); // a fifth less than the base is the least
        Assert.False(sending.IsCompleted);
        Assert.Equal(1, _requests);
        await Until.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(50));
            return sending.IsCompleted;
        });

        using var response = await sending;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, _requests);
    }

    [Fact]
    public async Task PerTryTimeout_BackendThatIsSilent_IsTriedAgainAndTheFirstTryEnds()
    {
        var clock = new FakeTimeProvider();
        var aborted = new TaskCompletionSource();
        await using var backend = await StartAsync(async (context, number) =>
        {
            if (number == 1)
            {
                context.RequestAborted.Register(aborted.SetResult);
                await _gate.PassAsync(context.RequestAborted);
            }
        });
        await using var mesh = await StartAsync("""{"cluster": "c", "retry_policy": {"retry_on": "gateway-error", "per_try_timeout": "5s"}, "timeout": "0s"}""", "", clock, backend.Port);

        var sending = mesh.Client.GetAsync(new Uri("http://orders/"));
        await _gate.ArrivedAsync();
        await Until.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return sending.IsCompleted;
        });

        using var response = await sending;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await aborted.Task.WaitAsync(TestTimeouts.Default);
        Assert.Equal(2, _requests);
    }

    [Fact]
    public async Task PerTryTimeout_Ended_SaysSo()
    {
        await using var backend = await StartAsync((context, _) => _gate.PassAsync(context.RequestAborted));
        await using var mesh = await StartAsync("""{"cluster": "c", "retry_policy": {"retry_on": "5xx", "num_retries": 1, "per_try_timeout": "0.05s"}, "timeout": "0s"}""", "", backend.Port);

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.GetAsync(new Uri("http://orders/")));

        Assert.Equal(MeshFailureReason.Timeout, exception.Reason);
        Assert.Contains("per_try_timeout", exception.Message, StringComparison.Ordinal);
        Assert.Equal(2, _requests);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Theory]
    [InlineData(""" "initial_requests": 2 """)]
    [InlineData(""" "additional_request_chance": {"numerator": 100} """)]
    [InlineData(""" "initial_requests": 2, "additional_request_chance": {"numerator": 0} """)]
    public async Task Hedge_TwoAtTheBeginning_TheFirstAcceptableWinsAndTheOtherIsCancelled(string hedge)
    {
        var aborted = new TaskCompletionSource();
        await using var backend = await StartAsync(async (context, number) =>
        {
            if (number == 1)
            {
                context.RequestAborted.Register(aborted.SetResult);
                await _gate.PassAsync(context.RequestAborted);
            }
        });
        await using var mesh = await StartAsync($$"""{"cluster": "c", "hedge_policy": { {{hedge}} } }""", "", backend.Port);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await aborted.Task.WaitAsync(TestTimeouts.Default);
        Assert.Equal(2, _requests);
    }

    [Fact]
    public async Task Caller_CancelsDuringBackOff_EndsAtOnceAndLeavesNothingBehind()
    {
        var clock = new FakeTimeProvider();
        using var cancellation = new CancellationTokenSource();
        await using var backend = await StartAsync(static (context, _) => Status(context, 503));
        await using var mesh = await StartAsync("""{"cluster": "c", "retry_policy": {"retry_on": "5xx", "retry_back_off": {"base_interval": "100s"}}, "timeout": "0s"}""", "", clock, backend.Port);

        var sending = mesh.Client.GetAsync(new Uri("http://orders/"), cancellation.Token);
        await Until.TrueAsync(() => _requests == 1 && mesh.ActiveRequests == 0);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(TestTimeouts.Default));
        Assert.Equal(1, _requests);
    }

    [Fact]
    public async Task IdleTimeout_BodyThatPauses_BreaksOff()
    {
        var clock = new FakeTimeProvider();
        await using var backend = await StartAsync(async (context, _) =>
        {
            await context.Response.WriteAsync("some");
            await context.Response.Body.FlushAsync();
            await _gate.PassAsync(context.RequestAborted);
        });
        await using var mesh = await StartAsync("""{"cluster": "c", "idle_timeout": "10s", "timeout": "0s"}""", "", clock, backend.Port);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead);
        var reading = response.Content.ReadAsStringAsync();
        await Until.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(6));
            return reading.IsCompleted;
        });
        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => reading);

        Assert.Equal(MeshFailureReason.IdleTimeout, exception.Reason);
        Assert.Contains("idle_timeout", exception.Message, StringComparison.Ordinal);
        await Until.TrueAsync(() => mesh.ActiveRequests == 0);
    }

    [Fact]
    public async Task IdleTimeout_BodyThatFlows_LastsAsLongAsItFlows()
    {
        var clock = new FakeTimeProvider();
        await using var backend = await StartAsync(async (context, _) =>
        {
            for (var i = 0; i < 5; i++)
            {
                await context.Response.WriteAsync("some");
                await context.Response.Body.FlushAsync();
                await _gate.PassAsync(context.RequestAborted);
            }
        });
        await using var mesh = await StartAsync("""{"cluster": "c", "idle_timeout": "10s", "timeout": "0s"}""", "", clock, backend.Port);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[4];
        for (var i = 0; i < 5; i++)
        {
            await body.ReadExactlyAsync(buffer);
            clock.Advance(TimeSpan.FromSeconds(6)); // 30 s in all
            _gate.Open();
        }

        Assert.Equal(0, await body.ReadAsync(buffer));
    }

    [Fact]
    public async Task FirstTry_ThatSucceeds_IsSentAsTheCallerMadeIt()
    {
        await using var backend = await StartAsync(static (context, _) => Status(context, 200));
        await using var mesh = await StartAsync("""{"cluster": "c", "retry_policy": {"retry_on": "5xx"}, "timeout": "0s"}""", "", backend.Port);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("http://orders/"));

        using var response = await mesh.Client.SendAsync(request);

        Assert.Same(request, response.RequestMessage);
        Assert.Equal(1, _requests);
    }

    private static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private static IEnumerable<Any> Resources(string action, string cluster, int[] ports) =>
    [
        XdsResources.InlineListener("orders", XdsResources.RouteConfiguration("orders-routes", "*", Parser.Parse<Route>($$"""{"match": {"prefix": "/"}, "route": {{action}} }"""))),
        Any.Pack(Parser.Parse<Cluster>($$"""{"name": "c", "type": "EDS", "eds_cluster_config": {"eds_config": {"ads": {} } }{{cluster}} }""")),
        Any.Pack(XdsResources.LoadAssignment("c", ports.Select(static port => ("127.0.0.1", port)))),
    ];

    private static Task<MeshFixture> StartAsync(string action, string cluster, params int[] ports) => MeshFixture.StartAsync(Resources(action, cluster, ports));

    private static Task<MeshFixture> StartAsync(string action, string cluster, TimeProvider clock, params int[] ports) => MeshFixture.StartAsync(clock, Resources(action, cluster, ports));

    /// <param name="handler">Is told the request's number, 1 for the first.</param>
    private Task<HandlerBackend> StartAsync(Func<HttpContext, int, Task> handler)
        => HandlerBackend.StartAsync(BackendProtocol.Http1, context => handler(context, Interlocked.Increment(ref _requests)));

    private sealed class OneTimeStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
