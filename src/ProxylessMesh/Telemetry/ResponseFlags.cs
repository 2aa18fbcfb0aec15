namespace ProxylessMesh.Telemetry;

/// <summary>Envoy's short names for what became of a request (<c>%RESPONSE_FLAGS%</c>); several are joined by commas.</summary>
internal static class ResponseFlags
{
    public const string NoRoute = "NR";
    public const string NoCluster = "NC";
    public const string NoHealthyUpstream = "UH";
    public const string UpstreamConnectionFailure = "UF";
    public const string UpstreamConnectionTermination = "UC";
    public const string UpstreamRemoteReset = "UR";
    public const string UpstreamProtocolError = "UPE";
    public const string UpstreamRequestTimeout = "UT";
    public const string UpstreamOverflow = "UO";
    public const string UpstreamRetryLimitExceeded = "URX";
    public const string DurationTimeout = "DT";
    public const string StreamIdleTimeout = "SI";
    public const string FaultInjected = "FI";
    public const string DelayInjected = "DI";
    public const string RateLimited = "RL";
    public const string RateLimitServiceError = "RLSE";
    public const string DownstreamConnectionTermination = "DC";
}
