namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>The fields that istiod sets and that are ignored on purpose, each with the reason.</summary>
internal static class IgnoredFields
{
    private static readonly (string Reason, string[] Fields)[] Groups =
    [
        (
            "Limits of a cluster are not kept yet; that there are some is logged",
            [
            ]),
        (
            "Outliers are not ejected yet; that they should be is logged",
            [
                "envoy.config.cluster.v3.OutlierDetection.consecutive_5xx",
                "envoy.config.cluster.v3.OutlierDetection.consecutive_gateway_failure",
            ]),
        (
            "Health is not observed yet, so that there is no panic; logged",
            [
                "envoy.config.cluster.v3.Cluster.CommonLbConfig.healthy_panic_threshold",
            ]),
        (
            "Slow starts are not made yet; logged",
            [
                "envoy.config.cluster.v3.Cluster.SlowStartConfig.aggression",
                "envoy.config.cluster.v3.Cluster.SlowStartConfig.min_weight_percent",
                "envoy.config.cluster.v3.Cluster.SlowStartConfig.slow_start_window",
                "envoy.config.core.v3.RuntimeDouble.default_value",
            ]),
        (
            "There is no runtime in process: the default counts",
            [
                "envoy.config.core.v3.RuntimeDouble.runtime_key",
            ]),
        (
            "A name for Envoy's own statistics",
            [
                "envoy.config.cluster.v3.Cluster.alt_stat_name",
            ]),
        (
            "Tells of Istio's objects; what of it concerns TLS (alpn_override) comes with TLS itself",
            [
                "envoy.config.cluster.v3.Cluster.metadata",
            ]),
        (
            "A label: extensions are chosen by their type",
            [
                "envoy.config.cluster.v3.Filter.name",
                "envoy.config.core.v3.TransportSocket.name",
                "envoy.config.route.v3.RetryPolicy.RetryHostPredicate.name",
            ]),
        (
            "How Envoy gets secrets from the agent; here their names say which files or provider",
            [
                "envoy.config.core.v3.ApiConfigSource.api_type",
                "envoy.config.core.v3.ApiConfigSource.grpc_services",
                "envoy.config.core.v3.ApiConfigSource.set_node_on_first_message_only",
                "envoy.config.core.v3.ApiConfigSource.transport_api_version",
                "envoy.config.core.v3.ConfigSource.api_config_source",
                "envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig.sds_config",
            ]),
        (
            "An empty message: that it is set is read, through the case of its oneof",
            [
                "envoy.config.core.v3.ConfigSource.ads",
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig.http2_protocol_options",
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig.http_protocol_options",
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig.http2_protocol_options",
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig.http_protocol_options",
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.use_downstream_protocol_config",
            ]),
        (
            "How long Envoy waits at its start; here requests wait, as long as their callers do",
            [
                "envoy.config.core.v3.ConfigSource.initial_fetch_timeout",
            ]),
        (
            "There is no other version than V3",
            [
                "envoy.config.core.v3.ConfigSource.resource_api_version",
            ]),
        (
            "Of the inbound passthrough, which no route of a client leads to; logged",
            [
                "envoy.config.core.v3.BindConfig.source_address",
            ]),
        (
            "Connections are not counted by requests yet; logged",
            [
                "envoy.config.core.v3.HttpProtocolOptions.max_requests_per_connection",
            ]),
        (
            "A client's listener has no socket",
            [
                "envoy.config.listener.v3.Listener.address",
            ]),
        (
            "A name for spans of Envoy's own",
            [
                "envoy.config.route.v3.Decorator.operation",
                "envoy.config.route.v3.Route.decorator",
            ]),
        (
            "Requests are not retried yet; logged",
            [
            ]),
        (
            "A cluster that does not exist fails its own requests only, whatever is validated",
            [
                "envoy.config.route.v3.RouteConfiguration.validate_clusters",
            ]),
        (
            "What a browser may do: nothing to carry out in a client",
            [
                "envoy.extensions.filters.http.cors.v3.CorsPolicy.allow_credentials",
                "envoy.extensions.filters.http.cors.v3.CorsPolicy.allow_headers",
                "envoy.extensions.filters.http.cors.v3.CorsPolicy.allow_methods",
                "envoy.extensions.filters.http.cors.v3.CorsPolicy.allow_origin_string_match",
                "envoy.extensions.filters.http.cors.v3.CorsPolicy.expose_headers",
                "envoy.extensions.filters.http.cors.v3.CorsPolicy.filter_enabled",
                "envoy.extensions.filters.http.cors.v3.CorsPolicy.forward_not_matching_preflights",
                "envoy.extensions.filters.http.cors.v3.CorsPolicy.max_age",
            ]),
    ];

    /// <summary>By field, as <c>message.field</c>.</summary>
    public static readonly IReadOnlyDictionary<string, string> Reasons = Groups
        .SelectMany(static group => group.Fields.Select(field => (field, group.Reason)))
        .ToDictionary(static entry => entry.field, static entry => entry.Reason, StringComparer.Ordinal);
}
