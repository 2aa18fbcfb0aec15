namespace ProxylessMesh.Interop.Tests.Contracts;

/// <summary>
/// The elements we carry that upstream got after the npm package was published, each with the reason why it cannot wait.
/// Numbers and types are those of data-plane-api at 84e84367 (2026-01-29) and cncf/xds at 5cf4b19.
/// </summary>
internal static class NewerElements
{
    private const string Core = "envoy.config.core.v3.";
    private const string Route = "envoy.config.route.v3.";
    private const string Mutation = "envoy.config.common.mutation_rules.v3.HeaderMutation.";
    private const string Discovery = "envoy.service.discovery.v3.";
    private const string Tls = "envoy.extensions.transport_sockets.tls.v3.";
    private const string Balancing = "envoy.extensions.load_balancing_policies.";
    private const string Upstreams = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.";

    public static readonly IReadOnlyDictionary<string, string> Reasons = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Discovery + "ResourceError"] = "gRFC A88: the server says why a resource does not come",
        [Discovery + "ResourceError.resource_name"] = "part of ResourceError",
        [Discovery + "ResourceError.error_detail"] = "part of ResourceError",
        [Discovery + "DiscoveryResponse.resource_errors"] = "carries ResourceError",
        [Discovery + "DeltaDiscoveryResponse.resource_errors"] = "carries ResourceError",

        [Route + "RouteMatch.cookies"] = "a condition: unread, the route would match too much",
        [Route + "CookieMatcher"] = "type of RouteMatch.cookies",
        [Route + "RouteMatch.filter_state"] = "a condition: unread, the route would match too much",
        [Route + "RouteConfiguration.vhost_header"] = "changes which virtual host serves a request",
        [Route + "WeightedCluster.use_hash_policy"] = "changes how a cluster is drawn",
        [Route + "RouteAction.path_rewrite"] = "changes the path sent",
        [Route + "RouteAction.host_rewrite"] = "changes the authority sent",
        [Route + "RouteAction.RequestMirrorPolicy.host_rewrite_literal"] = "changes the authority of the copy",
        [Route + "VirtualHost.request_body_buffer_limit"] = "how much of a body is kept to be sent again",
        [Route + "Route.request_body_buffer_limit"] = "how much of a body is kept to be sent again",
        [Route + "DirectResponseAction.body_format"] = "changes the body answered",

        [Core + "KeyValuePair"] = "type of KeyValueAppend.record",
        [Core + "KeyValuePair.key"] = "part of KeyValuePair",
        [Core + "KeyValuePair.value"] = "part of KeyValuePair",
        [Core + "KeyValueAppend.record"] = "the parameter to set, in the form that is not deprecated",
        [Mutation + "RemoveOnMatch"] = "removes headers",
        [Mutation + "RemoveOnMatch.key_matcher"] = "part of RemoveOnMatch",
        [Mutation + "remove_on_match"] = "carries RemoveOnMatch",
        ["envoy.extensions.filters.http.header_mutation.v3.Mutations.query_parameter_mutations"] = "changes the query sent",

        [Core + "SocketAddress.network_namespace_filepath"] = "changes where an address is dialled",
        ["envoy.config.cluster.v3.Cluster.transport_socket_matcher"] = "chooses the transport socket: unread, TLS could be missed",
        ["envoy.config.cluster.v3.Cluster.dns_jitter"] = "Istio sends it for every DNS cluster",
        ["envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.forward_client_cert_matcher"] = "decides about forwarding the caller's certificate",

        [Tls + "UpstreamTlsContext.auto_host_sni"] = "changes the server name sent",
        [Tls + "UpstreamTlsContext.auto_sni_san_validation"] = "changes how the peer's certificate is checked",
        [Tls + "CommonTlsContext.custom_tls_certificate_selector"] = "changes which certificate is presented",

        [Balancing + "common.v3.ConsistentHashingLbConfig.hash_policy"] = "changes what a request's hash is taken from",
        [Balancing + "client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin.metric_names_for_computing_utilization"] = "gRFC A114",
        [Balancing + "client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin.slow_start_config"] = "changes the weight of new endpoints",

        [Upstreams + "request_mirror_policies"] = "copies requests",
        [Upstreams + "hash_policy"] = "changes what a request's hash is taken from",
        [Upstreams + "retry_policy"] = "changes when a request is tried again",

        [Route + "RateLimit.Action.QueryParameters"] = "what a request is counted as",
        [Route + "RateLimit.Action.QueryParameters.query_parameter_name"] = "part of QueryParameters",
        [Route + "RateLimit.Action.QueryParameters.descriptor_key"] = "part of QueryParameters",
        [Route + "RateLimit.Action.QueryParameters.skip_if_absent"] = "part of QueryParameters",
        [Route + "RateLimit.Action.query_parameters"] = "carries QueryParameters",
        [Route + "RateLimit.HitsAddend"] = "how many a request counts as",
        [Route + "RateLimit.HitsAddend.number"] = "part of HitsAddend",
        [Route + "RateLimit.HitsAddend.format"] = "part of HitsAddend: unread, a request would count as one",
        [Route + "RateLimit.hits_addend"] = "carries HitsAddend",
        [Route + "RateLimit.apply_on_stream_done"] = "changes when a request is counted",
        ["envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.hits_addend"] = "tells the service of HitsAddend",
        ["envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor.shadow_mode"] = "decides whether requests are refused",
        ["envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit.rate_limits"] = "what requests are counted as, in place of the routes' limits",
        ["envoy.extensions.filters.http.ratelimit.v3.RateLimit.filter_enabled"] = "decides which requests are counted",
        ["envoy.extensions.filters.http.ratelimit.v3.RateLimit.filter_enforced"] = "decides which requests are refused",
        ["envoy.extensions.filters.http.ratelimit.v3.RateLimit.failure_mode_deny_percent"] = "decides which requests are refused without the service",
        ["envoy.extensions.filters.http.ratelimit.v3.RateLimit.rate_limits"] = "what requests are counted as, in place of the routes' limits",

        ["xds.type.matcher.v3.Matcher.OnMatch.keep_matching"] = "changes which action a matcher ends with",
        ["xds.type.matcher.v3.StringMatcher.custom"] = "a condition: unread, the matcher would seem empty",
    };

    /// <summary>The elements whose type upstream has changed since, which ours have.</summary>
    public static readonly IReadOnlyDictionary<string, string> Retyped = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute.rate_limits"] = "was a message of the filter's own that no Envoy ever read; now a route's RateLimit",
    };
}
