using ProxylessMesh.Configuration;
using ProxylessMesh.Xds.Resources;
using static ProxylessMesh.Tests.Xds.Resources.ResourceJson;

namespace ProxylessMesh.Tests.Xds.Resources;

public sealed class ListenerDecoderTests
{
    private const string Manager = "api_listener.api_listener";
    private const string Rds = """ "rds": {"configSource": {"ads": {}}, "routeConfigName": "routes"} """;
    private const string Fault = $$"""{"name": "fault", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.fault.v3.HTTPFault"} }""";
    private const string Percent = $$""" "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.type.v3.Percent"} """;
    private const string Session = $$""" "@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.stateful_session.v3.StatefulSession" """;

    private readonly ListenerDecoder _decoder = new();

    [Fact]
    public void Decode_RdsListener_NamesRoutesAndFilters()
    {
        var result = _decoder.Decode(Listener(Api($$"""{{Rds}}, "httpFilters": [{{Fault}}, {{Router}}]""")));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal("cart:80", result.Name);
        Assert.Equal("cart:80", result.Resource!.Name);
        Assert.Equal("routes", result.Resource.RoutesName);
        Assert.Null(result.Resource.InlineRoutes);
        var filter = Assert.Single(result.Resource.Filters);
        Assert.Equal("fault", filter.Name);
        Assert.Equal(FaultConfig.TypeUrl, filter.TypeUrl);
        Assert.False(Assert.IsType<FaultConfig>(filter.Config).HasFaults);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void Decode_InlineRoutes_ReadsThem()
    {
        var result = _decoder.Decode(Listener(Api(
            $$"""
            "routeConfig": {"virtualHosts": [{"name": "h", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "cart"} }]}]},
            "httpFilters": [{{Router}}]
            """)));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Null(result.Resource!.RoutesName);
        var route = Assert.Single(Assert.Single(result.Resource.InlineRoutes!.VirtualHosts).Routes);
        Assert.Equal("cart", Assert.Single(Assert.IsType<ForwardActionConfig>(route.Action).Clusters).ClusterName);
    }

    /// <summary>Each row: a filter before the router, and whether it stands in the record.</summary>
    public static TheoryData<string, bool> AcceptedFilters() => new()
    {
        { Fault, true },
        { $$"""{"name": "f", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.cors.v3.Cors"} }""", true },
        { $$"""{"name": "f", "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.grpc_stats.v3.FilterConfig", "statsForAllMethods": true} }""", true },
        { $$"""{"name": "f", "typedConfig": { {{Session}} } }""", true },
        { Struct("udpa.type.v1", "io.istio.http.peer_metadata.Config"), true },
        { Struct("udpa.type.v1", "stats.PluginConfig"), true },
        { Struct("xds.type.v3", "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig"), true },
        { $$"""{"name": "f", "isOptional": true, {{Percent}} }""", false },
        { """{"name": "f", "isOptional": true}""", false },
        { """{"name": "f", "isOptional": true, "configDiscovery": {"configSource": {"ads": {} } } }""", false },
        { $$"""{"name": "f", "disabled": true, {{Percent}} }""", false },
        { $$"""{"name": "f", "disabled": true, "typedConfig": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.router.v3.Router"} }""", false },
    };

    [Theory]
    [MemberData(nameof(AcceptedFilters))]
    public void Decode_FilterWithoutHarm_IsAccepted(string filter, bool isKept)
    {
        var result = _decoder.Decode(Listener(Api($$"""{{Rds}}, "httpFilters": [{{filter}}, {{Router}}]""")));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal(isKept ? 1 : 0, result.Resource!.Filters.Length);
    }

    /// <summary>Each row: a listener, and the errors it is rejected with, field path first.</summary>
    public static TheoryData<string, string[]> Rejected() => new()
    {
        { """{}""", ["name: must not be empty", "api_listener: must be set: a client"] },
        { """{"name": "l", "address": {"socketAddress": {"address": "127.0.0.1", "portValue": 80} } }""", ["api_listener: must be set"] },
        { $$"""{"name": "l", "apiListener": {"apiListener": {"@type": "{{ResourceJson.Type}}envoy.type.v3.Percent"} } }""", [$"{Manager}: must be an HttpConnectionManager, not '{ResourceJson.Type}envoy.type.v3.Percent'"] },
        { Api($$""" "httpFilters": [{{Router}}] """), [$"{Manager}.route_specifier: must be 'rds' or 'route_config'"] },
        { Api($$""" "scopedRoutes": {"name": "s"}, "httpFilters": [{{Router}}] """), [$"{Manager}.scoped_routes: is not supported"] },
        { Api($$""" "rds": {"routeConfigName": "r"}, "httpFilters": [{{Router}}] """), [$"{Manager}.rds.config_source: must be 'ads' or 'self'"] },
        { Api($$""" "rds": {"configSource": {"path": "/x"}, "routeConfigName": "r"}, "httpFilters": [{{Router}}] """), [$"{Manager}.rds.config_source: must be 'ads' or 'self'"] },
        { Api($$""" "rds": {"configSource": {"self": {} } }, "httpFilters": [{{Router}}] """), [$"{Manager}.rds.route_config_name: must not be empty"] },
        { Api($$"""{{Rds}}, "xffNumTrustedHops": 1, "httpFilters": [{{Router}}]"""), [$"{Manager}.xff_num_trusted_hops: must be 0 (gRFC A41)"] },
        { Api($$"""{{Rds}}, "originalIpDetectionExtensions": [{"name": "x"}], "httpFilters": [{{Router}}]"""), [$"{Manager}.original_ip_detection_extensions: must be empty (gRFC A41)"] },
        { Api($$"""{{Rds}}, "earlyHeaderMutationExtensions": [{"name": "x"}], "httpFilters": [{{Router}}]"""), [$"{Manager}.early_header_mutation_extensions: is not supported"] },
        { Api(Rds), [$"{Manager}.http_filters: must end with the router"] },
        { Api($$"""{{Rds}}, "httpFilters": [{{Fault}}]"""), [$"{Manager}.http_filters: must end with the router"] },
        { Api($$"""{{Rds}}, "httpFilters": [{{Router}}, {{Fault}}]"""), [$"{Manager}.http_filters[1]: must not come after the router"] },
        { Api($$"""{{Rds}}, "httpFilters": [{{Router}}, {{Router.Replace("\"router\"", "\"second\"", StringComparison.Ordinal)}}]"""), [$"{Manager}.http_filters[1]: must not come after the router"] },
        { Api($$"""{{Rds}}, "httpFilters": [{{Fault}}, {{Fault}}, {{Router}}]"""), [$"{Manager}.http_filters[1].name: 'fault' is already the name of another filter"] },
        { Api($$"""{{Rds}}, "httpFilters": [{{Fault.Replace("\"fault\"", "\"\"", StringComparison.Ordinal)}}, {{Router}}]"""), [$"{Manager}.http_filters[0].name: must not be empty"] },
        { Api($$"""{{Rds}}, "httpFilters": [{"name": "envoy.filters.http.router", {{Percent}} }, {{Router}}]"""), [$"{Manager}.http_filters[0].typed_config: the filter type '{ResourceJson.Type}envoy.type.v3.Percent' is not supported"] },
        { Api($$"""{{Rds}}, "httpFilters": [{"name": "f"}, {{Router}}]"""), [$"{Manager}.http_filters[0]: the filter type '' is not supported"] },
        { Api($$"""{{Rds}}, "httpFilters": [{"name": "f", "configDiscovery": {} }, {{Router}}]"""), [$"{Manager}.http_filters[0]: the filter type 'config_discovery (ECDS)' is not supported"] },
        { Api($$"""{{Rds}}, "httpFilters": [{"name": "f", "typedConfig": { {{Session}}, "sessionState": {"name": "cookie"} } }, {{Router}}]"""), [$"{Manager}.http_filters[0].typed_config.session_state: session affinity is not supported"] },
        { Api($$"""{{Rds}}, "httpFilters": [{{Struct("udpa.type.v1", "envoy.extensions.filters.http.rbac.v3.RBAC")}}, {{Router}}]"""), [$"{Manager}.http_filters[0].typed_config: the filter type '{ResourceJson.Type}envoy.extensions.filters.http.rbac.v3.RBAC' is not supported"] },
        { Api($$"""{{Rds}}, "httpFilters": [{{Struct("udpa.type.v1", "envoy.extensions.filters.http.router.v3.Router")}}]"""), [$"{Manager}.http_filters[0].typed_config: the filter type '{ResourceJson.Type}envoy.extensions.filters.http.router.v3.Router' is not supported", $"{Manager}.http_filters: must end with the router"] },
        { Api($$"""{{Rds}}, "requestTimeout": "-1s", "httpFilters": [{{Router}}]"""), [$"{Manager}.request_timeout: -1 s and 0 ns is no duration"] },
        { Api($$""" "routeConfig": {"virtualHosts": [{"domains": ["*"]}]}, "httpFilters": [{{Router}}] """), [$"{Manager}.route_config.virtual_hosts[0].name: must not be empty"] },
    };

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Decode_BrokenRule_IsRejectedWithPathAndRule(string json, string[] errors)
    {
        var result = _decoder.Decode(Listener(json));

        Rejections.AssertErrors(errors, result);
    }

    /// <summary>Each row: a field of the connection manager, and the warning it gets.</summary>
    public static TheoryData<string, string> WithoutEffect() => new()
    {
        { """ "requestTimeout": "1s" """, "request_timeout: timeouts have no effect in this version" },
        { """ "pathNormalizationOptions": {} """, "path_normalization_options: path normalization options have no effect in this version" },
    };

    [Theory]
    [MemberData(nameof(WithoutEffect))]
    public void Decode_FieldWithoutEffect_IsAcceptedWithWarning(string field, string warning)
    {
        var result = _decoder.Decode(Listener(Api($$"""{{Rds}}, {{field}}, "httpFilters": [{{Router}}]""")));

        Assert.True(result.IsAccepted, string.Join('\n', result.Errors));
        Assert.Equal([$"{Manager}.{warning}"], result.Warnings);
    }

    [Fact]
    public void Decode_SeveralTimeouts_WarnsOnce()
    {
        var result = _decoder.Decode(Listener(Api($$"""{{Rds}}, "requestTimeout": "1s", "commonHttpProtocolOptions": {"idleTimeout": "1s"}, "httpFilters": [{{Router}}]""")));

        Assert.Single(result.Warnings);
    }

    private static string Api(string manager)
        => $$"""{"name": "cart:80", "apiListener": {"apiListener": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {{manager}} } } }""";

    private static string Struct(string package, string type)
        => $$"""{"name": "f", "typedConfig": {"@type": "{{ResourceJson.Type}}{{package}}.TypedStruct", "typeUrl": "{{ResourceJson.Type}}{{type}}", "value": {} } }""";
}
