namespace ProxylessMesh.Telemetry;

/// <summary>Envoy's words for who answered a request, and why (<c>%RESPONSE_CODE_DETAILS%</c>).</summary>
internal static class ResponseDetails
{
    public const string ViaUpstream = "via_upstream";
    public const string RouteNotFound = "route_not_found";
    public const string ClusterNotFound = "cluster_not_found";
    public const string NoHealthyUpstream = "no_healthy_upstream";
    public const string DirectResponse = "direct_response";
    public const string ResponseTimeout = "response_timeout";
    public const string PerTryTimeout = "upstream_per_try_timeout";
    public const string PerTryIdleTimeout = "upstream_per_try_idle_timeout";
    public const string StreamIdleTimeout = "stream_idle_timeout";
    public const string MaxDurationTimeout = "max_duration_timeout";
    public const string PathNormalizationFailed = "path_normalization_failed";
    public const string DownstreamRemoteDisconnect = "downstream_remote_disconnect";
    public const string FaultAbort = "fault_filter_abort";
    public const string LocalRateLimited = "local_rate_limited";
    public const string RateLimited = "request_rate_limited";
    public const string RateLimiterError = "rate_limiter_error";

    /// <param name="reason">For example <c>connection_termination</c>.</param>
    public static string ResetBeforeResponse(string reason) => $"upstream_reset_before_response_started{{{reason}}}";

    /// <param name="reason">For example <c>protocol_error</c>.</param>
    public static string ResetAfterResponse(string reason) => $"upstream_reset_after_response_started{{{reason}}}";
}
