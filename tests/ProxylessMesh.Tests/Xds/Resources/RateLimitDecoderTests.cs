using ProxylessMesh.Configuration;
using ProxylessMesh.Xds.Resources;
using static ProxylessMesh.Tests.Xds.Resources.ResourceJson;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>The rules of rate limits, one row each.</summary>
public sealed class RateLimitDecoderTests
{
    private const string Bucket = """ "tokenBucket": {"maxTokens": 1, "fillInterval": "1s"} """;
    private const string Service = """ "domain": "d", "rateLimitService": {"grpcService": {"envoyGrpc": {"clusterName": "c"} } } """;

    /// <summary>Each row: an element of <c>rate_limits</c>, and how the error begins below it.</summary>
    [Theory]
    [InlineData("{}", "actions: must hold at least one action")]
    [InlineData("""{"actions": [{}]}""", "actions[0].action_specifier: must be set")]
    [InlineData("""{"actions": [{"extension": {"name": "e"}}]}""", "actions[0].extension.typed_config: the descriptor type '' is not supported")]
    [InlineData("""{"actions": [{"remoteAddress": {}}], "stage": 11}""", "stage: 11 must be from 0 to 10")]
    [InlineData("""{"actions": [{"remoteAddress": {}}], "limit": {}}""", "limit.override_specifier: must be 'dynamic_metadata'")]
    [InlineData("""{"actions": [{"remoteAddress": {}}], "limit": {"dynamicMetadata": {}}}""", "limit.dynamic_metadata.metadata_key: must have a 'key'")]
    [InlineData("""{"actions": [{"remoteAddress": {}}], "hitsAddend": {"format": "%BYTES_RECEIVED%"}}""", "hits_addend.format: is not supported")]
    [InlineData("""{"actions": [{"remoteAddress": {}}], "hitsAddend": {"number": "1000000001"}}""", "hits_addend.number: 1000000001 must be at most")]
    [InlineData("""{"actions": [{"genericKey": {}}]}""", "actions[0].generic_key.descriptor_value: must not be empty")]
    [InlineData("""{"actions": [{"requestHeaders": {"descriptorKey": "k"}}]}""", "actions[0].request_headers.header_name: '' is no header name")]
    [InlineData("""{"actions": [{"requestHeaders": {"headerName": "x"}}]}""", "actions[0].request_headers.descriptor_key: must not be empty")]
    [InlineData("""{"actions": [{"queryParameters": {"descriptorKey": "k"}}]}""", "actions[0].query_parameters.query_parameter_name: must not be empty")]
    [InlineData("""{"actions": [{"maskedRemoteAddress": {"v4PrefixMaskLen": 33}}]}""", "actions[0].masked_remote_address.v4_prefix_mask_len: 33 must be at most 32")]
    [InlineData("""{"actions": [{"maskedRemoteAddress": {"v6PrefixMaskLen": 129}}]}""", "actions[0].masked_remote_address.v6_prefix_mask_len: 129 must be at most 128")]
    [InlineData("""{"actions": [{"headerValueMatch": {"descriptorValue": "v"}}]}""", "actions[0].header_value_match.headers: must hold at least one condition")]
    [InlineData("""{"actions": [{"queryParameterValueMatch": {"descriptorValue": "v"}}]}""", "actions[0].query_parameter_value_match.query_parameters: must hold")]
    [InlineData("""{"actions": [{"metadata": {"descriptorKey": "k", "metadataKey": {"key": "f"}}}]}""", "actions[0].metadata.metadata_key: must have a 'key', and a 'path'")]
    [InlineData("""{"actions": [{"metadata": {"descriptorKey": "k", "metadataKey": {"key": "f", "path": [{"key": "x"}]}, "source": 7}}]}""", "actions[0].metadata.source: 7 must be")]
    [InlineData("""{"actions": [{"dynamicMetadata": {"metadataKey": {"key": "f", "path": [{"key": "x"}]}}}]}""", "actions[0].dynamic_metadata.descriptor_key: must not be empty")]
    public void Decode_BrokenRuleOfRateLimits_IsRejectedWithPathAndRule(string limit, string error)
    {
        Rejections.AssertErrors([$"virtual_hosts[0].rate_limits[0].{error}"], new RoutesDecoder().Decode(Routes($$"""{"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"], "rateLimits": [{{limit}}]}]}""")));
        Rejections.AssertErrors(
            [$"virtual_hosts[0].routes[0].route.rate_limits[0].{error}"],
            new RoutesDecoder().Decode(Routes($$"""{"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c", "rateLimits": [{{limit}}]} }]}]}""")));
    }

    /// <summary>Each row: fields of a local limit of a route, and how the error begins.</summary>
    [Theory]
    [InlineData(""" "tokenBucket": {"maxTokens": 1, "fillInterval": "0.049s"}, "statPrefix": "s" """, "token_bucket.fill_interval: 49 ms must be at least 50 ms")]
    [InlineData(""" "tokenBucket": {"maxTokens": 1}, "statPrefix": "s" """, "token_bucket.fill_interval: must be set")]
    [InlineData(""" "tokenBucket": {"fillInterval": "1s"}, "statPrefix": "s" """, "token_bucket.max_tokens: must be greater than 0")]
    [InlineData(""" "tokenBucket": {"maxTokens": 1, "tokensPerFill": 0, "fillInterval": "1s"}, "statPrefix": "s" """, "token_bucket.tokens_per_fill: must be greater than 0")]
    [InlineData(""" "statPrefix": "s" """, "token_bucket: must be set for a part of the routes")]
    [InlineData(Bucket, "stat_prefix: must not be empty")]
    [InlineData($$""" {{Bucket}}, "statPrefix": "s", "stage": 11 """, "stage: 11 must be")]
    [InlineData($$""" {{Bucket}}, "statPrefix": "s", "enableXRatelimitHeaders": 9 """, "enable_x_ratelimit_headers: 9 must be")]
    [InlineData($$""" {{Bucket}}, "statPrefix": "s", "vhRateLimits": 9 """, "vh_rate_limits: 9 must be")]
    [InlineData($$""" {{Bucket}}, "statPrefix": "s", "descriptors": [{ {{Bucket}} }] """, "descriptors[0].entries: must hold at least one entry")]
    [InlineData($$""" {{Bucket}}, "statPrefix": "s", "descriptors": [{"entries": [{"key": "k"}], {{Bucket}} }] """, "descriptors[0].entries[0]: must have a 'key' and a 'value'")]
    [InlineData($$""" {{Bucket}}, "statPrefix": "s", "descriptors": [{"entries": [{"key": "k", "value": "v"}]}] """, "descriptors[0].token_bucket: must be set")]
    [InlineData($$""" {{Bucket}}, "statPrefix": "s", "descriptors": [{"entries": [{"key": "k", "value": "v"}], {{Bucket}} }, {"entries": [{"key": "k", "value": "v"}], {{Bucket}} }] """, "descriptors[1].entries: are those of another descriptor")]
    [InlineData($$""" {{Bucket}}, "statPrefix": "s", "rateLimits": [{}] """, "rate_limits[0].actions: must hold at least one action")]
    public void Decode_BrokenRuleOfLocalLimit_IsRejectedWithPathAndRule(string fields, string error)
        => Rejections.AssertErrors([$"""virtual_hosts[0].typed_per_filter_config["rl"].{error}"""], Override("local_ratelimit.v3.LocalRateLimit", fields));

    /// <summary>Each row: fields of a global limit, and how the error begins.</summary>
    [Theory]
    [InlineData(""" "rateLimitService": {"grpcService": {"envoyGrpc": {"clusterName": "c"} } } """, "domain: must not be empty")]
    [InlineData(""" "domain": "d" """, "rate_limit_service.grpc_service: must be set")]
    [InlineData(""" "domain": "d", "rateLimitService": {"grpcService": {} } """, "rate_limit_service.grpc_service.target_specifier: must be")]
    [InlineData(""" "domain": "d", "rateLimitService": {"grpcService": {"envoyGrpc": {} } } """, "rate_limit_service.grpc_service.envoy_grpc.cluster_name: must not be empty")]
    [InlineData(""" "domain": "d", "rateLimitService": {"grpcService": {"googleGrpc": {"targetUri": "unix:/x"} } } """, "rate_limit_service.grpc_service.google_grpc.target_uri: 'unix:/x' is no host and port")]
    [InlineData(""" "domain": "d", "rateLimitService": {"grpcService": {"googleGrpc": {"targetUri": "a:1", "channelCredentials": {"googleDefault": {} } } } } """, "rate_limit_service.grpc_service.google_grpc.channel_credentials: are not supported")]
    [InlineData(""" "domain": "d", "rateLimitService": {"grpcService": {"googleGrpc": {"targetUri": "a:1", "callCredentials": [{"accessToken": "secret"}] } } } """, "rate_limit_service.grpc_service.google_grpc.call_credentials: are not supported")]
    [InlineData(""" "domain": "d", "rateLimitService": {"grpcService": {"envoyGrpc": {"clusterName": "c"}, "initialMetadata": [{"key": "grpc-timeout", "value": "1S"}] } } """, "rate_limit_service.grpc_service.initial_metadata[0]: 'grpc-timeout' must be")]
    [InlineData($$""" {{Service}}, "requestType": "some" """, "request_type: 'some' must be")]
    [InlineData($$""" {{Service}}, "timeout": "0s" """, "timeout: must be greater than 0")]
    [InlineData($$""" {{Service}}, "stage": 11 """, "stage: 11 must be")]
    public void Decode_BrokenRuleOfGlobalLimit_IsRejectedWithPathAndRule(string fields, string error)
        => Rejections.AssertErrors([$"api_listener.api_listener.http_filters[0].typed_config.{error}"], Filter("ratelimit.v3.RateLimit", fields));

    [Fact]
    public void Decode_GlobalLimitWithoutMore_HasTheDefaults()
    {
        var result = Filter("ratelimit.v3.RateLimit", Service);

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        var config = Assert.IsType<GlobalRateLimitConfig>(result.Resource!.Filters.Single().Config);
        Assert.Equal((TimeSpan.FromMilliseconds(20), 500, 429, 0u, true, true), (config.Timeout, config.StatusOnError, config.Status, config.DeniedOnFailure.Numerator, config.TellsRefusal, config.LimitsInternal));
    }

    /// <summary>Each row: a status that is given, and the one that requests are refused with.</summary>
    [Theory]
    [InlineData(""" , "status": {"code": "OK"} """, 429)]
    [InlineData(""" , "status": {"code": "NotFound"} """, 404)]
    [InlineData("", 429)]
    public void Decode_LocalLimit_HasTheDefaults(string fields, int status)
    {
        var result = Filter("local_ratelimit.v3.LocalRateLimit", $"""{Bucket}, "statPrefix": "s" {fields}""");

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        var config = Assert.IsType<LocalRateLimitConfig>(result.Resource!.Filters.Single().Config);
        Assert.Equal((status, 0u, 0u, true, new TokenBucketConfig(1, 1, TimeSpan.FromSeconds(1))), (config.Status, config.Enabled.Numerator, config.Enforced.Numerator, config.AlwaysTakesDefault, config.Bucket));
    }

    private static DecodeResult<ListenerConfig> Filter(string type, string fields) => new ListenerDecoder().Decode(Listener(
        $$"""
        {"name": "l", "apiListener": {"apiListener": {
          "@type": "{{ResourceJson.Type}}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", "routeConfig": {"name": "r"},
          "httpFilters": [{"name": "rl", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.{{type}}", {{fields}} } }, {{Router}}] } } }
        """));

    private static DecodeResult<RoutesConfig> Override(string type, string fields) => new RoutesDecoder().Decode(Routes(
        $$"""
        {"name": "r", "virtualHosts": [{"name": "h", "domains": ["*"], "typedPerFilterConfig": {"rl": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.{{type}}", {{fields}} } } }] }
        """));
}
