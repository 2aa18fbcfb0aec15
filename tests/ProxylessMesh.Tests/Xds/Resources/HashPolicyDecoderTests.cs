using System.Collections.Immutable;
using ProxylessMesh.Configuration;
using ProxylessMesh.Xds;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>The hash policies of routes, and the hash keys of endpoints.</summary>
public sealed class HashPolicyDecoderTests
{
    [Fact]
    public void Decode_EveryKind_IsReadInOrder()
    {
        var policies = Accept(XdsDialect.Envoy, """
            {"header": {"headerName": "X-Key"}, "terminal": true},
            {"cookie": {"name": "sid", "ttl": "3600s", "path": "/", "attributes": [{"name": "Secure"}, {"name": "SameSite", "value": "Lax"}]}},
            {"cookie": {"name": "plain"}},
            {"cookie": {"name": "session", "ttl": "0s"}},
            {"connectionProperties": {"sourceIp": true}},
            {"connectionProperties": {}},
            {"queryParameter": {"name": "User"}},
            {"filterState": {"key": "io.grpc.channel_id"}},
            {"filterState": {"key": "other"}, "terminal": true}
            """);

        Assert.Equal<HashPolicyConfig>(
            [
                new HeaderHashPolicyConfig("x-key", null, HashedValues.Chained) { IsTerminal = true },
                new SourceHashPolicyConfig(),
                new AbsentHashPolicyConfig(),
                new QueryHashPolicyConfig("User"),
                new ChannelHashPolicyConfig(),
                new AbsentHashPolicyConfig { IsTerminal = true },
            ],
            policies.Where(static policy => policy is not CookieHashPolicyConfig));
        var cookies = policies.OfType<CookieHashPolicyConfig>().ToArray();
        Assert.Equal(["sid", "plain", "session"], cookies.Select(static cookie => cookie.Name));
        Assert.Equal([TimeSpan.FromHours(1), null, TimeSpan.Zero], cookies.Select(static cookie => cookie.TimeToLive));
        Assert.Equal("/", cookies[0].Path);
        Assert.Equal<KeyValuePair<string, string>>([new("Secure", ""), new("SameSite", "Lax")], cookies[0].Attributes);
    }

    [Fact]
    public void Decode_GrpcDialect_JoinsTheValuesOfAHeaderInCalls()
        => Assert.Equal<HashPolicyConfig>([new HeaderHashPolicyConfig("x", null, HashedValues.JoinedInGrpc)], Accept(XdsDialect.Grpc, """{"header": {"headerName": "x"}}"""));

    /// <summary>Each row: a hash policy, and the errors below it.</summary>
    public static TheoryData<string, string[]> Rejected() => new()
    {
        { """{"header": {}}""", [".header.header_name: must not be empty"] },
        { """{"header": {"headerName": "x", "regexRewrite": {}}}""", [".header.regex_rewrite.pattern: must be set"] },
        { """{"header": {"headerName": "x", "regexRewrite": {"pattern": {"regex": "("}}}}""", [".header.regex_rewrite.pattern.regex: '(' is no regular expression"] },
        { """{"header": {"headerName": "x", "regexRewrite": {"pattern": {"regex": "a"}, "substitution": "\\1"}}}""", [".header.regex_rewrite.substitution: '\\1' names no group"] },
        { """{"cookie": {}}""", [".cookie.name: must not be empty"] },
        { """{"cookie": {"name": "a", "ttl": "-1s"}}""", [".cookie.ttl: -1 s"] },
        { """{"cookie": {"name": "a;b"}}""", [".cookie.name: 'a;b' must be ASCII without ';'"] },
        { """{"cookie": {"name": "a", "path": "/; Domain=x"}}""", [".cookie.path: '/; Domain=x' must be"] },
        { """{"cookie": {"name": "a", "attributes": [{"name": "ok"}, {"name": "x", "value": "a\r\nb"}, {}]}}""", [".cookie.attributes[1].value: 'a", ".cookie.attributes[2].name: must not be empty"] },
        { """{"queryParameter": {}}""", [".query_parameter.name: must not be empty"] },
        { """{"filterState": {}}""", [".filter_state.key: must not be empty"] },
    };

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Decode_BrokenRule_IsRejectedWithPathAndRule(string policy, string[] errors)
        => Rejections.AssertErrors(errors.Select(static error => $"virtual_hosts[0].routes[0].route.hash_policy[1]{error}").ToArray(), Decode(XdsDialect.Grpc, $$"""{"header": {"headerName": "x"} }, {{policy}}"""));

    [Theory]
    [InlineData(""" "metadata": {"filterMetadata": {"envoy.lb": {"hash_key": "key"}}} """, "key")]
    [InlineData(""" "metadata": {"filterMetadata": {"envoy.lb": {"hash_key": ""}}} """, null)]
    [InlineData(""" "metadata": {"filterMetadata": {"envoy.lb": {"hash_key": 5}}} """, null)]
    [InlineData(""" "metadata": {"filterMetadata": {"envoy.lb": {"other": "key"}}} """, null)]
    [InlineData(""" "metadata": {"filterMetadata": {"other": {"hash_key": "key"}}} """, null)]
    [InlineData(""" "metadata": {} """, null)]
    public void Decode_EndpointMetadata_GivesTheHashKey(string metadata, string? expected)
    {
        var result = new EndpointsDecoder().Decode(ResourceJson.Endpoints($$"""
            {"clusterName": "c", "endpoints": [{"locality": {"region": "r"}, "loadBalancingWeight": 1, "lbEndpoints": [
              {"endpoint": {"address": {"socketAddress": {"address": "127.0.0.1", "portValue": 80} } }, {{metadata}} }]}]}
            """));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal(expected, result.Resource!.Localities[0].Endpoints[0].HashKey);
    }

    private static ImmutableArray<HashPolicyConfig> Accept(XdsDialect dialect, string policies)
    {
        var result = Decode(dialect, policies);
        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        return Assert.IsType<ForwardActionConfig>(result.Resource!.VirtualHosts[0].Routes[0].Action).HashPolicies;
    }

    private static DecodeResult<RoutesConfig> Decode(XdsDialect dialect, string policies)
        => new RoutesDecoder(dialect).Decode(ResourceJson.Routes($$"""
            {"name": "r", "virtualHosts": [{"name": "v", "domains": ["*"], "routes": [{"match": {"prefix": ""}, "route": {"cluster": "c", "hashPolicy": [{{policies}}]} }]}]}
            """));
}
