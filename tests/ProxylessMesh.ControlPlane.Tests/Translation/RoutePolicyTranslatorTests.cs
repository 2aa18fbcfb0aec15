using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Retry.Priority.PreviousPriorities.V3;
using Google.Protobuf.WellKnownTypes;
using CorsPolicy = Envoy.Extensions.Filters.Http.Cors.V3.CorsPolicy;
using Denominator = Envoy.Type.V3.FractionalPercent.Types.DenominatorType;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>What a route does to one request beyond leading it somewhere: retries, faults, mirrors, CORS; one row per rule of Istio's.</summary>
public sealed class RoutePolicyTranslatorTests
{
    private const string Default = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";
    private const string ToOrders = "route: [{destination: {host: orders}}]";

    [Theory]
    [InlineData("{attempts: 3}", Default, 3u, "")]
    [InlineData("{attempts: 3, retryOn: '5xx,connect-failure,429'}", "5xx,connect-failure,retriable-status-codes", 3u, "429")]
    [InlineData("{attempts: 1, retryOn: '503, 429'}", "retriable-status-codes", 1u, "503,429")]
    [InlineData("{attempts: 1, retryOn: 503}", "retriable-status-codes", 1u, "503")]
    [InlineData("{attempts: 1, retryOn: 'retriable-status-codes,503,reset'}", "retriable-status-codes,reset", 1u, "503")]
    [InlineData("{attempts: 1, retryOn: 'gateway-error,internal'}", "gateway-error,internal", 1u, "")]
    public void Translate_Retries_BecomeThePolicyOfTheRoute(string retries, string conditions, uint count, string codes)
    {
        var policy = Translate($"- retries: {retries}\n  {ToOrders}").Route_.RetryPolicy;

        Assert.Equal(conditions, policy.RetryOn);
        Assert.Equal(count, policy.NumRetries);
        Assert.Equal(codes, string.Join(',', policy.RetriableStatusCodes));
        Assert.Equal(5, policy.HostSelectionRetryMaxAttempts);
        Assert.Equal("envoy.retry_host_predicates.previous_hosts", Assert.Single(policy.RetryHostPredicate).Name);
    }

    [Theory]
    [InlineData("{attempts: 0}")]
    [InlineData("{attempts: -1}")]
    [InlineData("{}")]
    public void Translate_NoAttempts_SwitchesRetriesOff(string retries)
        => Assert.Null(Translate($"- retries: {retries}\n  {ToOrders}").Route_.RetryPolicy);

    [Fact]
    public void Translate_NoRetries_IsIstiosDefault()
    {
        var policy = Translate("- " + ToOrders).Route_.RetryPolicy;

        Assert.Equal((Default, 2u, 5), (policy.RetryOn, policy.NumRetries!.Value, policy.HostSelectionRetryMaxAttempts));
        Assert.Single(policy.RetryHostPredicate);
        Assert.Null(policy.PerTryTimeout);
    }

    [Fact]
    public void Translate_RetryTimes_AreTheTrysAndTheFirstBackoff()
    {
        var policy = Translate($"- retries: {{attempts: 1, perTryTimeout: 0.5s, backoff: 50ms}}\n  {ToOrders}").Route_.RetryPolicy;

        Assert.Equal(Duration.FromTimeSpan(TimeSpan.FromMilliseconds(500)), policy.PerTryTimeout);
        Assert.Equal(Duration.FromTimeSpan(TimeSpan.FromMilliseconds(50)), policy.RetryBackOff.BaseInterval);
        Assert.Null(policy.RetryBackOff.MaxInterval);
    }

    [Fact]
    public void Translate_RetryRemoteLocalities_PrefersOtherPriorities()
    {
        var priority = Translate($"- retries: {{attempts: 1, retryRemoteLocalities: true}}\n  {ToOrders}").Route_.RetryPolicy.RetryPriority;

        Assert.Equal("envoy.retry_priorities.previous_priorities", priority.Name);
        Assert.Equal(2, PreviousPrioritiesConfig.Parser.ParseFrom(priority.TypedConfig.Value).UpdateFrequency);
    }

    [Theory]
    [InlineData("", "", 1)]
    [InlineData("consistentHash: {httpHeaderName: x-user}", "", 0)]
    [InlineData("consistentHash: {httpHeaderName: x-user}", ", retryIgnorePreviousHosts: true", 1)]
    [InlineData("", ", retryIgnorePreviousHosts: false", 0)]
    public void Translate_PreviousHosts_AreAvoidedUnlessRequestsAreHashed(string balancer, string option, int predicates)
    {
        var route = RouteConfiguration($"- retries: {{attempts: 1{option}}}\n  {ToOrders}", balancer).VirtualHosts[0].Routes[0];

        Assert.Equal(predicates, route.Route_.RetryPolicy.RetryHostPredicate.Count);
        Assert.Equal(balancer.Length == 0 ? [] : ["x-user"], route.Route_.HashPolicy.Select(policy => policy.Header.HeaderName));
    }

    [Fact]
    public void Translate_HashedServiceWithoutRoutes_KeepsThePredicateAsIstiodDoes()
    {
        var route = MeshYaml.Translate(Service("consistentHash: {useSourceIp: true}")).Routes("outbound|8081||orders").VirtualHosts[0].Routes[0];

        Assert.Single(route.Route_.RetryPolicy.RetryHostPredicate);
        Assert.True(Assert.Single(route.Route_.HashPolicy).ConnectionProperties.SourceIp);
    }

    [Fact]
    public void Translate_DefaultRetryPolicyOfTheMesh_TakesThePlaceOfIstios()
    {
        var text = "defaultHttpRetryPolicy: {attempts: 4, retryOn: '5xx'}\n---\n" + Service("");

        var route = MeshYaml.Translate(text).Routes("outbound|8081||orders").VirtualHosts[0].Routes[0];

        Assert.Equal(("5xx", 4u), (route.Route_.RetryPolicy.RetryOn, route.Route_.RetryPolicy.NumRetries!.Value));
    }

    [Fact]
    public void Translate_DefaultRetryPolicyWithoutAttempts_LeavesTheRoutesOwn()
    {
        var text = "defaultHttpRetryPolicy: {attempts: 0}\n---\n" + Service("") + VirtualService($"- match: [{{uri: {{exact: /a}}}}]\n  retries: {{attempts: 1}}\n  {ToOrders}\n- {ToOrders}");

        var routes = MeshYaml.Translate(text).Routes("outbound|8081||orders").VirtualHosts[0].Routes;

        Assert.Equal([1u, null], routes.Select(route => route.Route_.RetryPolicy?.NumRetries));
    }

    [Theory]
    [InlineData("delay: {fixedDelay: 0.1s, percentage: {value: 12.5}}", 125_000u, Denominator.Million, null, null, null)]
    [InlineData("delay: {fixedDelay: 0.1s, percent: 7}", 7u, Denominator.Hundred, null, null, null)]
    [InlineData("delay: {fixedDelay: 0.1s}", 0u, Denominator.Hundred, null, null, null)]
    [InlineData("abort: {httpStatus: 503, percentage: {value: 50}}", null, null, 503u, null, 500_000u)]
    [InlineData("abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}", null, null, null, 14u, 1_000_000u)]
    [InlineData("abort: {httpStatus: 503}", null, null, 503u, null, null)]
    public void Translate_Fault_IsTheRoutesSettingOfTheFaultFilter(string fault, uint? delayShare, Denominator? denominator, uint? http, uint? grpc, uint? abortShare)
    {
        var config = Translate($"- fault: {{{fault}}}\n  {ToOrders}").TypedPerFilterConfig["envoy.filters.http.fault"];
        var made = HTTPFault.Parser.ParseFrom(config.Value);

        Assert.Equal("type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault", config.TypeUrl);
        Assert.Equal(delayShare, made.Delay?.Percentage.Numerator);
        Assert.Equal(denominator, made.Delay?.Percentage.Denominator);
        Assert.Equal(http, made.Abort is { ErrorTypeCase: FaultAbort.ErrorTypeOneofCase.HttpStatus } ? made.Abort.HttpStatus : null);
        Assert.Equal(grpc, made.Abort is { ErrorTypeCase: FaultAbort.ErrorTypeOneofCase.GrpcStatus } ? made.Abort.GrpcStatus : null);
        Assert.Equal(abortShare, made.Abort?.Percentage?.Numerator);
    }

    [Theory]
    [InlineData("mirror: {host: orders, subset: v1}", "outbound|8081|v1|orders.default.svc.cluster.local", 100u, Denominator.Hundred)]
    [InlineData("mirror: {host: orders}\n  mirrorPercentage: {value: 0.5}", "outbound|8081||orders.default.svc.cluster.local", 5_000u, Denominator.Million)]
    [InlineData("mirror: {host: orders}\n  mirror_percent: 30", "outbound|8081||orders.default.svc.cluster.local", 30u, Denominator.Hundred)]
    [InlineData("mirrors: [{destination: {host: orders}, percentage: {value: 25}}]", "outbound|8081||orders.default.svc.cluster.local", 250_000u, Denominator.Million)]
    [InlineData("mirrors: [{destination: {host: orders}}]", "outbound|8081||orders.default.svc.cluster.local", 100u, Denominator.Hundred)]
    public void Translate_Mirror_KeepsTheHostAndTheTrace(string mirror, string cluster, uint share, Denominator denominator)
    {
        var policy = Assert.Single(Translate($"- {mirror}\n  {ToOrders}").Route_.RequestMirrorPolicies);

        Assert.Equal(cluster.Replace(".default.svc.cluster.local", "", StringComparison.Ordinal), policy.Cluster);
        Assert.Equal((share, denominator), (policy.RuntimeFraction.DefaultValue.Numerator, policy.RuntimeFraction.DefaultValue.Denominator));
        Assert.True(policy.DisableShadowHostSuffixAppend);
        Assert.False(policy.TraceSampled);
    }

    [Theory]
    [InlineData("mirror: {host: orders}\n  mirrorPercentage: {value: 0}")]
    [InlineData("mirrors: [{destination: {host: orders}, percentage: {}}]")]
    public void Translate_MirrorOfNoRequest_IsNone(string mirror)
        => Assert.Empty(Translate($"- {mirror}\n  {ToOrders}").Route_.RequestMirrorPolicies);

    [Fact]
    public void Translate_CorsPolicy_IsWhatIstiodMakesOfIt()
    {
        var route = Translate($$"""
            - corsPolicy: {allowOrigins: [{exact: 'https://a'}, {prefix: 'https://b'}], allowMethods: [GET, PUT], maxAge: 1m, allowCredentials: false, unmatchedPreflights: IGNORE}
              {{ToOrders}}
            """);
        var policy = CorsPolicy.Parser.ParseFrom(route.TypedPerFilterConfig["envoy.filters.http.cors"].Value);

        Assert.Equal(["https://a", "https://b"], policy.AllowOriginStringMatch.Select(origin => origin.Exact + origin.Prefix));
        Assert.Equal(("GET,PUT", "60", false, false), (policy.AllowMethods, policy.MaxAge, policy.AllowCredentials!.Value, policy.ForwardNotMatchingPreflights!.Value));
    }

    [Fact]
    public void Translate_FaultOfADirectResponse_StaysWithTheRoute()
        => Assert.NotEmpty(Translate("- directResponse: {status: 200}\n  fault: {abort: {httpStatus: 500, percentage: {value: 1}}}").TypedPerFilterConfig);

    private static Route Translate(string http) => RouteConfiguration(http).VirtualHosts[0].Routes[0];

    private static RouteConfiguration RouteConfiguration(string http, string balancer = "")
        => MeshYaml.Translate(Service(balancer) + VirtualService(http)).Routes("outbound|8081||orders");

    private static string Service(string balancer) => MeshYaml.Service("orders", port: 8081) + $$"""
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: orders}
        spec: {host: orders, subsets: [{name: v1}], trafficPolicy: {loadBalancer: { {{balancer}} } } }

        """;

    private static string VirtualService(string http)
        => "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: orders}\nspec:\n  hosts: [orders]\n  http:\n"
            + string.Concat(http.Split('\n').Select(line => $"  {line}\n"));
}
