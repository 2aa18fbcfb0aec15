using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>Limits requests by asking a service (<c>envoy.extensions.filters.http.ratelimit.v3.RateLimit</c>).</summary>
internal sealed record GlobalRateLimitConfig : FilterConfig
{
    /// <summary>How long the service is waited for where nothing is said.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMilliseconds(20);

    /// <summary>What a request is answered that is refused because the service is not there.</summary>
    public const int DefaultErrorStatus = 500;

    /// <summary>Whose limits they are (<c>domain</c>).</summary>
    public required string Domain { get; init; }

    /// <summary>The service.</summary>
    public required GrpcServiceConfig Service { get; init; }

    /// <summary>How it is called in metrics; the domain where it has no name.</summary>
    public string StatPrefix { get; init; } = "";

    public uint Stage { get; init; }

    /// <summary>Whether requests from within the mesh are meant: a client's always are (<c>request_type</c> other than <c>external</c>).</summary>
    public bool LimitsInternal { get; init; } = true;

    /// <summary>How long the service is waited for.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Which requests are refused when the service is not there (<c>failure_mode_deny</c>, <c>failure_mode_deny_percent</c>): none where it is not said.</summary>
    public FractionConfig DeniedOnFailure { get; init; } = new(0, 100);

    /// <summary>What those are answered (<c>status_on_error</c>).</summary>
    public int StatusOnError { get; init; } = DefaultErrorStatus;

    /// <summary>Which requests the service is asked for (<c>filter_enabled</c>).</summary>
    public FractionConfig Enabled { get; init; } = new(100, 100);

    /// <summary>Which of those it may have refused (<c>filter_enforced</c>).</summary>
    public FractionConfig Enforced { get; init; } = new(100, 100);

    /// <summary>What a request over its limit is answered.</summary>
    public int Status { get; init; } = LocalRateLimitConfig.DefaultStatus;

    /// <inheritdoc cref="LocalRateLimitConfig.IsResourceExhausted"/>
    public bool IsResourceExhausted { get; init; }

    /// <summary>Whether a refusal says <c>x-envoy-ratelimited</c> (not <c>disable_x_envoy_ratelimited_header</c>).</summary>
    public bool TellsRefusal { get; init; } = true;

    /// <inheritdoc cref="LocalRateLimitConfig.TellsLimits"/>
    public bool TellsLimits { get; init; }

    /// <summary>What is added to a refusal.</summary>
    public HeaderMutationsConfig ResponseHeaders { get; init; } = HeaderMutationsConfig.None;

    /// <inheritdoc cref="LocalRateLimitConfig.RateLimits"/>
    public ImmutableArray<RateLimitConfig> RateLimits { get; init; } = [];
}

/// <summary>What a part of the routes says of that filter (<c>RateLimitPerRoute</c>).</summary>
internal sealed record RateLimitPerRouteConfig : FilterConfig
{
    public VirtualHostLimits VirtualHostLimits { get; init; }

    /// <summary>Takes the place of the filter's; empty for the filter's.</summary>
    public string Domain { get; init; } = "";

    /// <inheritdoc cref="LocalRateLimitConfig.RateLimits"/>
    public ImmutableArray<RateLimitConfig> RateLimits { get; init; } = [];
}
