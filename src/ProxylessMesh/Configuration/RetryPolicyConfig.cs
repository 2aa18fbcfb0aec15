using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>When and how a request is tried again (<c>envoy.config.route.v3.RetryPolicy</c>, gRFC A44). In effect as it stands on the route: the virtual host's where the route has none.</summary>
internal sealed record RetryPolicyConfig
{
    /// <summary>What <c>base_interval</c> is where <c>retry_back_off</c> is unset.</summary>
    public static readonly TimeSpan DefaultBackoffBase = TimeSpan.FromMilliseconds(25);

    public RetryConditions Conditions { get; init; }

    /// <summary><c>num_retries</c>: how many tries there may be after the first.</summary>
    public uint MaxRetries { get; init; } = 1;

    /// <summary><c>per_try_timeout</c>; <see langword="null"/> or zero for the route's timeout alone.</summary>
    public TimeSpan? PerTryTimeout { get; init; }

    /// <summary><c>per_try_idle_timeout</c>; <see langword="null"/> or zero for none.</summary>
    public TimeSpan? PerTryIdleTimeout { get; init; }

    /// <summary><c>retry_back_off.base_interval</c>.</summary>
    public TimeSpan BackoffBase { get; init; } = DefaultBackoffBase;

    /// <summary><c>retry_back_off.max_interval</c>: ten times the base where unset.</summary>
    public TimeSpan BackoffMax { get; init; } = DefaultBackoffBase * 10;

    /// <summary><c>rate_limited_retry_back_off</c>: how long to wait is what the response says.</summary>
    public RateLimitedBackoffConfig? RateLimitedBackoff { get; init; }

    /// <summary><c>retriable_status_codes</c>, for <see cref="RetryConditions.RetriableStatusCodes"/>.</summary>
    public ImmutableArray<int> RetriableStatusCodes { get; init; } = [];

    /// <summary><c>retriable_headers</c>: response headers of which one has to match, for <see cref="RetryConditions.RetriableHeaders"/>.</summary>
    public ImmutableArray<HeaderMatcher> RetriableHeaders { get; init; } = [];

    /// <summary><c>retriable_request_headers</c>: a request that matches none of them is not tried again; empty for every request.</summary>
    public ImmutableArray<HeaderMatcher> RetriableRequestHeaders { get; init; } = [];

    /// <summary><c>retry_host_predicate</c> with <c>previous_hosts</c>: look for an endpoint that was not tried yet.</summary>
    public bool AvoidsPreviousHosts { get; init; }

    /// <summary><c>retry_host_predicate</c> with <c>omit_canary_hosts</c>: look for an endpoint that is no canary.</summary>
    public bool OmitsCanaries { get; init; }

    /// <summary><c>host_selection_retry_max_attempts</c>: how many more picks a retry makes to satisfy its host predicates.</summary>
    public int MaxHostSelections { get; init; } = 1;

    /// <summary><c>retry_priority</c> with <c>previous_priorities</c>: its <c>update_frequency</c>; <see langword="null"/> without it.</summary>
    public int? PreviousPrioritiesFrequency { get; init; }
}

/// <summary>What is worth another try (<c>retry_on</c>; the router's list of Envoy, and gRPC's statuses).</summary>
[Flags]
internal enum RetryConditions
{
    None = 0,

    /// <summary><c>5xx</c>.</summary>
    ServerError = 1 << 0,

    /// <summary><c>gateway-error</c>.</summary>
    GatewayError = 1 << 1,

    /// <summary><c>reset</c>.</summary>
    Reset = 1 << 2,

    /// <summary><c>reset-before-request</c>.</summary>
    ResetBeforeRequest = 1 << 3,

    /// <summary><c>connect-failure</c>.</summary>
    ConnectFailure = 1 << 4,

    /// <summary><c>envoy-ratelimited</c>.</summary>
    RateLimited = 1 << 5,

    /// <summary><c>retriable-4xx</c>: 409.</summary>
    Retriable4xx = 1 << 6,

    /// <summary><c>refused-stream</c>.</summary>
    RefusedStream = 1 << 7,

    /// <summary><c>retriable-status-codes</c>.</summary>
    RetriableStatusCodes = 1 << 8,

    /// <summary><c>retriable-headers</c>.</summary>
    RetriableHeaders = 1 << 9,

    /// <summary>gRPC status <c>cancelled</c>.</summary>
    GrpcCancelled = 1 << 10,

    /// <summary>gRPC status <c>deadline-exceeded</c>.</summary>
    GrpcDeadlineExceeded = 1 << 11,

    /// <summary>gRPC status <c>internal</c>.</summary>
    GrpcInternal = 1 << 12,

    /// <summary>gRPC status <c>resource-exhausted</c>.</summary>
    GrpcResourceExhausted = 1 << 13,

    /// <summary>gRPC status <c>unavailable</c>.</summary>
    GrpcUnavailable = 1 << 14,
}

/// <summary>Takes the time to wait from the response (<c>rate_limited_retry_back_off</c>).</summary>
/// <param name="ResetHeaders">The headers that may say it; the first that does counts.</param>
/// <param name="Max"><c>max_interval</c>: what is longer is not believed.</param>
internal sealed record RateLimitedBackoffConfig(ImmutableArray<ResetHeaderConfig> ResetHeaders, TimeSpan Max)
{
    /// <summary>What <c>max_interval</c> is where it is unset.</summary>
    public static readonly TimeSpan DefaultMax = TimeSpan.FromSeconds(300);
}

/// <param name="Name">The header, in lower case.</param>
/// <param name="IsUnixTime">Whether it holds a point in time in seconds since 1970, instead of seconds from now.</param>
internal sealed record ResetHeaderConfig(string Name, bool IsUnixTime);

/// <summary>Several tries at once (<c>envoy.config.route.v3.HedgePolicy</c>).</summary>
internal sealed record HedgePolicyConfig
{
    /// <summary><c>initial_requests</c>.</summary>
    public uint InitialRequests { get; init; } = 1;

    /// <summary><c>additional_request_chance</c>: how often there is one more at the beginning.</summary>
    public FractionConfig AdditionalRequestChance { get; init; }

    /// <summary><c>hedge_on_per_try_timeout</c>: a try whose time is over goes on beside the next.</summary>
    public bool OnPerTryTimeout { get; init; }
}

/// <summary>Where a share of the requests goes as well, its responses thrown away (<c>RouteAction.RequestMirrorPolicy</c>).</summary>
internal sealed record MirrorPolicyConfig
{
    public required string ClusterName { get; init; }

    /// <summary>The request header that names the cluster (<c>cluster_header</c>); then <see cref="ClusterName"/> is empty.</summary>
    public string? ClusterHeader { get; init; }

    /// <summary><c>runtime_fraction</c>; <see langword="null"/> for all.</summary>
    public FractionConfig? Fraction { get; init; }

    /// <summary>The host of the copy (<c>host_rewrite_literal</c>), without a suffix; <see langword="null"/> for the request's.</summary>
    public string? HostRewrite { get; init; }

    /// <summary>Whether <c>-shadow</c> is put behind the host (not <c>disable_shadow_host_suffix_append</c>).</summary>
    public bool AppendsShadowSuffix { get; init; } = true;

    /// <summary>Whether the copy is part of the request's trace (<c>trace_sampled</c>).</summary>
    public bool IsTraced { get; init; } = true;
}
