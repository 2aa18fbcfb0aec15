using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Xds.Resources;
using static ProxylessMesh.Tests.Xds.Resources.ResourceJson;

namespace ProxylessMesh.Tests.Xds.Resources;

public sealed class RoutesDecoderTests
{
    private const string ToCart = """ "route": {"cluster": "cart"} """;

    private readonly RoutesDecoder _decoder = new();

    [Fact]
    public void Decode_TwoHosts_KeepsNamesDomainsAndOrder()
    {
        var result = _decoder.Decode(Routes(
            $$"""
            {"name": "r", "ignorePortInHostMatching": true, "virtualHosts": [
              {"name": "a", "domains": ["a.example", "*.a.example"], "routes": [
                {"name": "first", "match": {"path": "/x"}, {{ToCart}} }, {"match": {"prefix": "/"}, {{ToCart}} }]},
              {"name": "b", "domains": ["b.*", "*"]}]}
            """));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal("r", result.Name);
        Assert.True(result.Resource!.IgnorePortInHostMatching);
        Assert.Equal(["a", "b"], result.Resource.VirtualHosts.Select(host => host.Name));
        Assert.Equal<string>(["a.example", "*.a.example"], result.Resource.VirtualHosts[0].Domains);
        Assert.Equal(["first", ""], result.Resource.VirtualHosts[0].Routes.Select(route => route.Name));
        Assert.Empty(result.Resource.VirtualHosts[1].Routes);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void Decode_NoVirtualHosts_IsAccepted()
        => Assert.True(_decoder.Decode(Routes("""{"name": "r"}""")).IsAccepted);

    public static TheoryData<string, object> Paths() => new()
    {
        { """{"prefix": "/a"}""", PathMatcher.Prefix("/a") },
        { """{"prefix": ""}""", PathMatcher.Prefix("") },
        { """{"prefix": "/a", "caseSensitive": false}""", PathMatcher.Prefix("/a", caseSensitive: false) },
        { """{"path": "/a", "caseSensitive": true}""", PathMatcher.Exact("/a") },
        { """{"path": "/a", "caseSensitive": false}""", PathMatcher.Exact("/a", caseSensitive: false) },
        { """{"pathSeparatedPrefix": "/a"}""", PathMatcher.SegmentPrefix("/a") },
        { """{"pathSeparatedPrefix": "/a", "caseSensitive": false}""", PathMatcher.SegmentPrefix("/a", caseSensitive: false) },
        { """{"safeRegex": {"regex": "/a.*"}, "caseSensitive": false}""", PathMatcher.Regex(Regex("/a.*")) },
        { """{"safeRegex": {"googleRe2": {}, "regex": "/a.*"}}""", PathMatcher.Regex(Regex("/a.*")) },
    };

    [Theory]
    [MemberData(nameof(Paths))]
    public void Decode_Path_BecomesMatcher(string match, object expected)
        => Assert.Equal(expected, Single($$"""{"match": {{match}}, {{ToCart}} }""").Match.Path);

    public static TheoryData<string, object> Headers() => new()
    {
        { """ "stringMatch": {"exact": "1"} """, HeaderMatcher.String("x-a", StringMatcher.Exact("1")) },
        { """ "stringMatch": {"exact": ""} """, HeaderMatcher.String("x-a", StringMatcher.Exact("")) },
        { """ "stringMatch": {"prefix": "1", "ignoreCase": true} """, HeaderMatcher.String("x-a", StringMatcher.Prefix("1", ignoreCase: true)) },
        { """ "stringMatch": {"suffix": "1"} """, HeaderMatcher.String("x-a", StringMatcher.Suffix("1")) },
        { """ "stringMatch": {"contains": "1"} """, HeaderMatcher.String("x-a", StringMatcher.Contains("1")) },
        { """ "stringMatch": {"safeRegex": {"regex": "1+"}} """, HeaderMatcher.String("x-a", StringMatcher.Regex(Regex("1+"))) },
        { """ "exactMatch": "1" """, HeaderMatcher.String("x-a", StringMatcher.Exact("1")) },
        { """ "prefixMatch": "1" """, HeaderMatcher.String("x-a", StringMatcher.Prefix("1")) },
        { """ "suffixMatch": "1" """, HeaderMatcher.String("x-a", StringMatcher.Suffix("1")) },
        { """ "containsMatch": "1" """, HeaderMatcher.String("x-a", StringMatcher.Contains("1")) },
        { """ "safeRegexMatch": {"regex": "1+"} """, HeaderMatcher.String("x-a", StringMatcher.Regex(Regex("1+"))) },
        { """ "rangeMatch": {"start": "-1", "end": "3"} """, HeaderMatcher.Range("x-a", -1, 3) },
        { """ "presentMatch": true """, HeaderMatcher.Present("x-a") },
        { """ "presentMatch": false """, HeaderMatcher.Present("x-a", present: false) },
        { """ "presentMatch": true, "invertMatch": true """, HeaderMatcher.Present("x-a") with { Invert = true } },
        { """ "exactMatch": "1", "invertMatch": true, "treatMissingHeaderAsEmpty": true """, HeaderMatcher.String("x-a", StringMatcher.Exact("1")) with { Invert = true, TreatMissingAsEmpty = true } },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Decode_Header_BecomesMatcher(string specifier, object expected)
        => Assert.Equal(expected, Assert.Single(Single($$"""{"match": {"prefix": "/", "headers": [{"name": "X-A", {{specifier}} }]}, {{ToCart}} }""").Match.Headers));

    [Fact]
    public void Decode_Cluster_ForwardsToIt()
        => Assert.Equal<WeightedClusterConfig>([new WeightedClusterConfig("cart", 1)], Assert.IsType<ForwardActionConfig>(Single($$"""{"match": {"prefix": "/"}, {{ToCart}} }""").Action).Clusters);

    [Fact]
    public void Decode_WeightedClusters_KeepsThoseWithWeight()
    {
        var route = Single("""{"match": {"prefix": "/"}, "route": {"weightedClusters": {"clusters": [{"name": "a", "weight": 90}, {"name": "b", "weight": 0}, {"name": "c"}, {"name": "d", "weight": 10}]}}}""");

        Assert.Equal<WeightedClusterConfig>([new WeightedClusterConfig("a", 90), new WeightedClusterConfig("d", 10)], Assert.IsType<ForwardActionConfig>(route.Action).Clusters);
    }

    [Theory]
    [InlineData(""" "route": {"clusterHeader": ":Authority"} """)]
    [InlineData(""" "route": {"weightedClusters": {"clusters": [{"clusterHeader": ":authority", "weight": 1}]}} """)]
    public void Decode_ClusterHeader_IsKeptInLowerCase(string action)
    {
        var forward = Assert.IsType<ForwardActionConfig>(Single($$"""{"match": {"prefix": "/"}, {{action}} }""").Action);

        Assert.Equal<WeightedClusterConfig>([new WeightedClusterConfig("", 1) { ClusterHeader = ":authority" }], forward.Clusters);
    }

    [Theory]
    [InlineData(""" "filterAction": {} """, "filter_action")]
    [InlineData(""" "nonForwardingAction": {} """, "non_forwarding_action")]
    [InlineData(""" "name": "no action" """, "action")]
    [InlineData(""" "route": {} """, "route.cluster_specifier")]
    public void Decode_ActionNotCarriedOut_KeepsTheOtherRoutes(string action, string field)
    {
        var result = _decoder.Decode(Routes(Host($$"""{"match": {"path": "/x"}, {{action}} }, {"match": {"prefix": "/"}, {{ToCart}} }""")));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        var routes = result.Resource!.VirtualHosts[0].Routes;
        Assert.Equal(new UnsupportedActionConfig(field), routes[0].Action);
        Assert.IsType<ForwardActionConfig>(routes[1].Action);
    }

    [Theory]
    [InlineData(""" "clusterSpecifierPlugin": "p" """)]
    [InlineData(""" "inlineClusterSpecifierPlugin": {"isOptional": true} """)]
    public void Decode_RouteWithOptionalPlugin_IsLeftOut(string specifier)
    {
        var result = _decoder.Decode(Routes(
            $$"""
            {"name": "r", "clusterSpecifierPlugins": [{"extension": {"name": "p"}, "isOptional": true}], "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [
              {"match": {"path": "/x"}, "route": { {{specifier}} } }, {"name": "kept", "match": {"prefix": "/"}, {{ToCart}} }]}]}
            """));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal("kept", Assert.Single(result.Resource!.VirtualHosts[0].Routes).Name);
        Assert.Contains(result.Warnings, warning => warning.Contains("routes with a cluster specifier plugin", StringComparison.Ordinal));
    }

    /// <summary>Each row: a route that is accepted, and the warning it gets.</summary>
    public static TheoryData<string, string> WithoutEffect() => new()
    {
        { """ "route": {"cluster": "c", "hashPolicy": [{"filterState": {"key": "x"}}]} """, "route.hash_policy[0].filter_state.key: hash policies by a filter state other than 'io.grpc.channel_id'" },
        { """ "route": {"cluster": "c", "hashPolicy": [{}]} """, "route.hash_policy[0].policy_specifier: hash policies of a kind that is newer" },
        { """ "route": {"cluster": "c", "retryPolicy": {"retryOptionsPredicates": [{}]}} """, "route.retry_policy.retry_options_predicates: options of retries" },
        { """ "route": {"cluster": "c", "retryPolicy": {"retryPriority": {"name": "p"}}} """, "route.retry_policy.retry_priority.typed_config: choices of endpoints for retries that are not known here" },
        { """ "route": {"cluster": "c", "internalRedirectPolicy": {}} """, "route.internal_redirect_policy: internal redirects" },
        { """ "route": {"weightedClusters": {"clusters": [{"name": "c", "weight": 1}], "useHashPolicy": true}} """, "route.weighted_clusters.use_hash_policy: draws by hash" },
        { $$""" "route": {"cluster": "c"}, "typedPerFilterConfig": {"f": {"@type": "{{ResourceJson.Type}}envoy.config.route.v3.FilterConfig", "isOptional": true, "config": {"@type": "{{ResourceJson.Type}}envoy.type.v3.Percent"} } } """, $"""typed_per_filter_config["f"]: optional filters of type '{ResourceJson.Type}envoy.type.v3.Percent'""" },
    };

    [Theory]
    [MemberData(nameof(WithoutEffect))]
    public void Decode_FieldWithoutEffect_IsAcceptedWithWarning(string fields, string warning)
    {
        var result = _decoder.Decode(Routes(Host($$"""{"match": {"prefix": "/"}, {{fields}} }""")));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal([$"virtual_hosts[0].routes[0].{warning} have no effect in this version"], result.Warnings);
    }

    [Theory]
    [InlineData("0s")]
    [InlineData(null)]
    public void Decode_NoTimeout_HasNothingToWarnOf(string? timeout)
    {
        var field = timeout is null ? "" : $""", "timeout": "{timeout}" """;

        var result = _decoder.Decode(Routes(Host($$"""{"match": {"prefix": "/"}, "route": {"cluster": "c"{{field}} } }""")));

        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void Decode_DisabledFilterConfig_IsAccepted()
    {
        var result = _decoder.Decode(Routes(Host(
            $$"""{"match": {"prefix": "/"}, {{ToCart}}, "typedPerFilterConfig": {"f": {"@type": "{{ResourceJson.Type}}envoy.config.route.v3.FilterConfig", "disabled": true} } }""")));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
    }

    private static string Host(string routes) => $$"""{"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [{{routes}}]}]}""";

    private static SafeRegex Regex(string pattern)
        => SafeRegex.TryParse(pattern, out var regex, out var error) ? regex : throw new InvalidOperationException(error);

    private RouteConfig Single(string route)
    {
        var result = _decoder.Decode(Routes(Host(route)));
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return Assert.Single(result.Resource!.VirtualHosts[0].Routes);
    }
}
