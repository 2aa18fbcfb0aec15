using ProxylessMesh.Configuration;
using ProxylessMesh.Xds;
using ProxylessMesh.Xds.Resources;
using static ProxylessMesh.Tests.Xds.Resources.ResourceJson;

namespace ProxylessMesh.Tests.Xds.Resources;

public sealed class RetryDecoderTests
{
    private const string Selection = "\"@type\": \"type.googleapis.com/envoy.extensions.retry";

    /// <summary>Each row: <c>retry_on</c>, and what it means.</summary>
    [Theory]
    [InlineData("5xx", (int)RetryConditions.ServerError)]
    [InlineData("gateway-error", (int)RetryConditions.GatewayError)]
    [InlineData("reset", (int)RetryConditions.Reset)]
    [InlineData("reset-before-request", (int)RetryConditions.ResetBeforeRequest)]
    [InlineData("connect-failure", (int)RetryConditions.ConnectFailure)]
    [InlineData("envoy-ratelimited", (int)RetryConditions.RateLimited)]
    [InlineData("retriable-4xx", (int)RetryConditions.Retriable4xx)]
    [InlineData("refused-stream", (int)RetryConditions.RefusedStream)]
    [InlineData("retriable-status-codes", (int)RetryConditions.RetriableStatusCodes)]
    [InlineData("retriable-headers", (int)RetryConditions.RetriableHeaders)]
    [InlineData("http3-post-connect-failure", 0)]
    [InlineData("cancelled", (int)RetryConditions.GrpcCancelled)]
    [InlineData("deadline-exceeded", (int)RetryConditions.GrpcDeadlineExceeded)]
    [InlineData("internal", (int)RetryConditions.GrpcInternal)]
    [InlineData("resource-exhausted", (int)RetryConditions.GrpcResourceExhausted)]
    [InlineData("unavailable", (int)RetryConditions.GrpcUnavailable)]
    [InlineData("5xx , unavailable,bogus,", (int)(RetryConditions.ServerError | RetryConditions.GrpcUnavailable))]
    [InlineData("5XX", 0)]
    [InlineData("", 0)]
    public void Decode_RetryOn_IsRead(string retryOn, int conditions)
        => Assert.Equal((RetryConditions)conditions, RetryOf($$"""{"retryOn": "{{retryOn}}"}""").Conditions);

    [Fact]
    public void Decode_NothingButRetryOn_HasTheDefaults()
    {
        var policy = RetryOf("""{"retryOn": "5xx"}""");

        Assert.Equal(1u, policy.MaxRetries);
        Assert.Equal((TimeSpan.FromMilliseconds(25), TimeSpan.FromMilliseconds(250)), (policy.BackoffBase, policy.BackoffMax));
        Assert.Equal(1, policy.MaxHostSelections);
        Assert.Null(policy.PerTryTimeout);
        Assert.Null(policy.RateLimitedBackoff);
    }

    /// <summary>Each row: <c>retry_back_off</c>, and base and longest interval in milliseconds.</summary>
    [Theory]
    [InlineData("""{"baseInterval": "0.1s"}""", 100, 1000)]
    [InlineData("""{"baseInterval": "0.1s", "maxInterval": "0.1s"}""", 100, 100)]
    [InlineData("""{"baseInterval": "0.0001s"}""", 1, 10)]
    [InlineData("""{"baseInterval": "0.0001s", "maxInterval": "0.0002s"}""", 1, 1)]
    public void Decode_BackOff_IsReadAndNeverLessThanAMillisecond(string backOff, int @base, int max)
    {
        var policy = RetryOf($$"""{"retryBackOff": {{backOff}} }""");

        Assert.Equal((TimeSpan.FromMilliseconds(@base), TimeSpan.FromMilliseconds(max)), (policy.BackoffBase, policy.BackoffMax));
    }

    [Fact]
    public void Decode_EverythingElse_IsRead()
    {
        var policy = RetryOf($$"""
            {"numRetries": 3, "perTryTimeout": "1s", "perTryIdleTimeout": "2s", "retriableStatusCodes": [418, 503], "hostSelectionRetryMaxAttempts": 5,
             "retriableHeaders": [{"name": "x-a", "presentMatch": true}], "retriableRequestHeaders": [{"name": "x-b", "presentMatch": true}, {"name": "x-c", "presentMatch": true}],
             "retryHostPredicate": [
               {"name": "a", "typedConfig": { {{Selection}}.host.previous_hosts.v3.PreviousHostsPredicate" } },
               {"name": "b", "typedConfig": { {{Selection}}.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate" } }],
             "retryPriority": {"name": "p", "typedConfig": { {{Selection}}.priority.previous_priorities.v3.PreviousPrioritiesConfig", "updateFrequency": 2} },
             "rateLimitedRetryBackOff": {"resetHeaders": [{"name": "Retry-After"}, {"name": "x-reset", "format": "UNIX_TIMESTAMP"}], "maxInterval": "9s"} }
            """);

        Assert.Equal(3u, policy.MaxRetries);
        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), (policy.PerTryTimeout, policy.PerTryIdleTimeout));
        Assert.Equal([418, 503], policy.RetriableStatusCodes.ToArray());
        Assert.Equal(["x-a"], policy.RetriableHeaders.Select(static header => header.Name));
        Assert.Equal(["x-b", "x-c"], policy.RetriableRequestHeaders.Select(static header => header.Name));
        Assert.True(policy is { AvoidsPreviousHosts: true, OmitsCanaries: true, MaxHostSelections: 5, PreviousPrioritiesFrequency: 2 });
        Assert.Equal([new ResetHeaderConfig("retry-after", false), new ResetHeaderConfig("x-reset", true)], policy.RateLimitedBackoff!.ResetHeaders.ToArray());
        Assert.Equal(TimeSpan.FromSeconds(9), policy.RateLimitedBackoff.Max);
    }

    [Fact]
    public void Decode_RateLimitedBackOffWithoutMax_IsFiveMinutes()
        => Assert.Equal(TimeSpan.FromMinutes(5), RetryOf("""{"rateLimitedRetryBackOff": {"resetHeaders": [{"name": "x"}]}}""").RateLimitedBackoff!.Max);

    [Fact]
    public void Decode_NoRetriesInEnvoysDialect_IsAPolicyThatNeverRetries()
        => Assert.Equal(0u, RetryOf("""{"retryOn": "5xx", "numRetries": 0}""", XdsDialect.Envoy).MaxRetries);

    /// <summary>Each row: a choice of endpoints that Envoy does not know either, and what is said of it.</summary>
    [Theory]
    [InlineData(""" "retryHostPredicate": [{"name": "x", "typedConfig": {"@type": "type.googleapis.com/envoy.type.v3.Percent"}}] """, "retry_host_predicate[0].typed_config: the type 'type.googleapis.com/envoy.type.v3.Percent' is not supported")]
    [InlineData(""" "retryHostPredicate": [{"name": "x"}] """, "retry_host_predicate[0].typed_config: the type '' is not supported")]
    [InlineData(""" "retryPriority": {"name": "x", "typedConfig": {"@type": "type.googleapis.com/envoy.type.v3.Percent"}} """, "retry_priority.typed_config: the type 'type.googleapis.com/envoy.type.v3.Percent' is not supported")]
    public void Decode_UnknownChoiceOfEndpoints_IsRejectedInEnvoysDialectAndPassedOverInGrpcs(string field, string error)
    {
        var routes = Routes(Route($$"""{"retryOn": "5xx", {{field}} }"""));

        Rejections.AssertErrors([$"virtual_hosts[0].routes[0].route.retry_policy.{error}"], new RoutesDecoder(XdsDialect.Envoy).Decode(routes));
        Assert.True(new RoutesDecoder().Decode(routes).IsAccepted);
    }

    [Fact]
    public void Decode_PreviousPrioritiesWithoutFrequency_IsRejected()
        => Rejections.AssertErrors(
            ["virtual_hosts[0].routes[0].route.retry_policy.retry_priority.typed_config.update_frequency: 0 must be at least 1"],
            new RoutesDecoder().Decode(Routes(Route($$"""{"retryPriority": {"name": "p", "typedConfig": { {{Selection}}.priority.previous_priorities.v3.PreviousPrioritiesConfig"} } }"""))));

    /// <summary>Each row: the virtual host's policy, the route's, and the conditions in effect; <see langword="null"/> for no policy.</summary>
    [Theory]
    [InlineData(null, null, null)]
    [InlineData("""{"retryOn": "5xx"}""", null, (int)RetryConditions.ServerError)]
    [InlineData("""{"retryOn": "5xx"}""", """{"retryOn": "reset"}""", (int)RetryConditions.Reset)]
    [InlineData("""{"retryOn": "5xx"}""", """{}""", 0)]
    public void Decode_PolicyOfHostAndRoute_TheRoutesTakesTheWholePlace(string? host, string? route, int? conditions)
    {
        var hostField = host is null ? "" : $", \"retryPolicy\": {host}";
        var routeField = route is null ? "" : $", \"retryPolicy\": {route}";

        var forward = Decode($$"""{"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"]{{hostField}}, "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c"{{routeField}} } }]}]}""");

        Assert.Equal((RetryConditions?)conditions, forward.Retry?.Conditions);
    }

    [Fact]
    public void Decode_HedgePolicyAndLimitsOfBodies_AreTheRoutesOrElseTheHosts()
    {
        const string Host = "\"name\": \"h\", \"domains\": [\"*\"], \"hedgePolicy\": {\"hedgeOnPerTryTimeout\": true}, \"perRequestBufferLimitBytes\": 7";

        var inherited = Decode($$"""{"name": "r", "virtualHosts": [{ {{Host}}, "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c"} }]}]}""");
        var own = Decode($$"""
            {"name": "r", "virtualHosts": [{ {{Host}}, "routes": [{"match": {"prefix": "/"}, "requestBodyBufferLimit": "9", "perRequestBufferLimitBytes": 8,
              "route": {"cluster": "c", "hedgePolicy": {"initialRequests": 2, "additionalRequestChance": {"numerator": 5, "denominator": "TEN_THOUSAND"} } } }]}]}
            """);

        Assert.Equal(new HedgePolicyConfig { OnPerTryTimeout = true }, inherited.Hedge);
        Assert.Equal(7, inherited.RetryBufferLimit);
        Assert.Equal(new HedgePolicyConfig { InitialRequests = 2, AdditionalRequestChance = new FractionConfig(5, 10_000) }, own.Hedge);
        Assert.Equal(9, own.RetryBufferLimit);
    }

    /// <summary>The older fields of a call's own timeout, which gRPC does not know.</summary>
    [Theory]
    [InlineData(false, """ "maxGrpcTimeout": "3s", "grpcTimeoutOffset": "1s" """, null, null)]
    [InlineData(true, """ "maxGrpcTimeout": "3s", "grpcTimeoutOffset": "1s" """, 3, 1)]
    [InlineData(true, """ "maxGrpcTimeout": "3s", "maxStreamDuration": {} """, null, null)]
    [InlineData(true, """ "maxGrpcTimeout": "3s", "maxStreamDuration": {"grpcTimeoutHeaderMax": "2s"} """, 2, null)]
    public void Decode_OlderGrpcTimeouts_AreReadAsEnvoyDoes(bool isEnvoy, string fields, int? max, int? offset)
    {
        var result = new RoutesDecoder(isEnvoy ? XdsDialect.Envoy : XdsDialect.Grpc).Decode(
            Routes($$"""{"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c", {{fields}} } }]}]}"""));

        var timeouts = ((ForwardActionConfig)result.Resource!.VirtualHosts[0].Routes[0].Action).Timeouts;
        Assert.Equal((max, offset), ((int?)timeouts.GrpcTimeoutMax?.TotalSeconds, (int?)timeouts.GrpcTimeoutOffset?.TotalSeconds));
    }

    /// <summary>Each row: a cluster's field, and how many retries it takes at once in Envoy's dialect: a number, or a share and what there may always be.</summary>
    [Theory]
    [InlineData("", 3, null, null)]
    [InlineData(""", "circuitBreakers": {} """, 3, null, null)]
    [InlineData(""", "circuitBreakers": {"thresholds": [{"maxRetries": 7}]} """, 7, null, null)]
    [InlineData(""", "circuitBreakers": {"thresholds": [{"priority": "HIGH", "maxRetries": 7}]} """, 3, null, null)]
    [InlineData(""", "circuitBreakers": {"thresholds": [{"maxRetries": 7}, {"maxRetries": 8}]} """, 7, null, null)]
    [InlineData(""", "circuitBreakers": {"thresholds": [{"retryBudget": {}}]} """, 3, 20.0, 3)]
    [InlineData(""", "circuitBreakers": {"thresholds": [{"retryBudget": {"budgetPercent": {"value": 2.5}, "minRetryConcurrency": 0}}]} """, 3, 2.5, 0)]
    public void Decode_RetryLimits_AreRead(string field, int max, double? percent, int? min)
    {
        var cluster = Cluster($$"""{"name": "c", "type": "EDS", "edsClusterConfig": {"edsConfig": {"ads": {} } }{{field}} }""");

        var limit = new ClusterDecoder(XdsDialect.Envoy).Decode(cluster).Resource!.Retries;

        Assert.Equal((uint)max, limit.MaxRetries);
        Assert.Equal((percent, (uint?)min), (limit.Budget?.Percent, limit.Budget?.MinConcurrency));
        Assert.Equal(field.Contains("maxRetries", StringComparison.Ordinal) && !field.Contains("HIGH", StringComparison.Ordinal), new ClusterDecoder().Decode(cluster).Resource!.Retries.MaxRetries is not null);
    }

    [Theory]
    [InlineData("100.5")]
    [InlineData("-1")]
    [InlineData("\"NaN\"")]
    public void Decode_BudgetThatIsNoShare_IsRejected(string percent)
    {
        var result = new ClusterDecoder().Decode(Cluster($$"""{"name": "c", "type": "EDS", "edsClusterConfig": {"edsConfig": {"ads": {} } }, "circuitBreakers": {"thresholds": [{"retryBudget": {"budgetPercent": {"value": {{percent}} } } }]} }"""));

        Assert.StartsWith("circuit_breakers.thresholds[0].retry_budget.budget_percent:", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    private static RetryPolicyConfig RetryOf(string policy, XdsDialect dialect = XdsDialect.Grpc)
        => Decode(Route(policy), dialect).Retry!;

    private static string Route(string policy)
        => $$"""{"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c", "retryPolicy": {{policy}} } }]}]}""";

    private static ForwardActionConfig Decode(string routes, XdsDialect dialect = XdsDialect.Grpc)
    {
        var result = new RoutesDecoder(dialect).Decode(Routes(routes));
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return (ForwardActionConfig)result.Resource!.VirtualHosts[0].Routes[0].Action;
    }
}
