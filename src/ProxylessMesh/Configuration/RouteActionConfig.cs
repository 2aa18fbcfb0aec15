using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>What a route does.</summary>
internal abstract record RouteActionConfig;

/// <summary>
/// Forward to one of <see cref="Clusters"/>, drawn by weight (gRFC A28). A plain <c>cluster</c> is one entry of weight 1.
/// The decoder guarantees at least one entry and a total weight in [1, 2^32-1].
/// </summary>
internal sealed record ForwardActionConfig(ImmutableArray<WeightedClusterConfig> Clusters) : RouteActionConfig
{
    /// <summary>The request header whose number takes the place of the draw (<c>weighted_clusters.header_name</c>).</summary>
    public string? RandomValueHeader { get; init; }

    /// <summary>What answers when the cluster does not exist (<c>cluster_not_found_response_code</c>).</summary>
    public int ClusterNotFoundStatus { get; init; } = 503;

    public PathRewriteConfig? PathRewrite { get; init; }

    public HostRewriteConfig? HostRewrite { get; init; }

    /// <summary>Where a host is rewritten, tell the old one in <c>x-forwarded-host</c> (<c>append_x_forwarded_host</c>).</summary>
    public bool AppendForwardedHost { get; init; }

    public RouteTimeoutsConfig Timeouts { get; init; } = new();

    /// <summary>What a request's hash is taken from, for balancers that go by it (<c>hash_policy</c>).</summary>
    public ImmutableArray<HashPolicyConfig> HashPolicies { get; init; } = [];

    /// <summary>What requests are counted as (<c>rate_limits</c>).</summary>
    public ImmutableArray<RateLimitConfig> RateLimits { get; init; } = [];

    /// <summary>Whether they are counted as what the virtual host says as well (<c>include_vh_rate_limits</c>), whatever filters say of that.</summary>
    public bool IncludesVirtualHostLimits { get; init; }

    /// <summary>When it is tried again (<c>retry_policy</c>), the virtual host's where the route has none; <see langword="null"/> for never.</summary>
    public RetryPolicyConfig? Retry { get; init; }

    /// <summary>Several tries at once (<c>hedge_policy</c>), the virtual host's where the route has none.</summary>
    public HedgePolicyConfig? Hedge { get; init; }

    /// <summary>How much of a body is kept to be sent again (<c>request_body_buffer_limit</c>, or <c>per_request_buffer_limit_bytes</c>), in bytes, the virtual host's where the route says nothing.</summary>
    public long? RetryBufferLimit { get; init; }

    /// <summary>Where requests go as well (<c>request_mirror_policies</c>), of the most specific level that has any.</summary>
    public ImmutableArray<MirrorPolicyConfig> Mirrors { get; init; } = [];
}

/// <summary>One choice of a weighted route.</summary>
internal sealed record WeightedClusterConfig(string ClusterName, uint Weight)
{
    /// <summary>The request header that names the cluster (<c>cluster_header</c>); then <see cref="ClusterName"/> is empty.</summary>
    public string? ClusterHeader { get; init; }

    public HeaderMutationsConfig Headers { get; init; } = HeaderMutationsConfig.None;

    /// <summary>Takes the place of the route's host rewrite (<c>host_rewrite_literal</c>).</summary>
    public string? HostRewrite { get; init; }

    /// <inheritdoc cref="RouteConfig.Filters"/>
    public FilterOverridesConfig Filters { get; init; } = FilterOverridesConfig.None;
}

/// <summary>How long a request may take. Unset fields are <see langword="null"/>; zero switches off.</summary>
internal sealed record RouteTimeoutsConfig
{
    /// <summary>What applies where <see cref="Timeout"/> is unset (<c>RouteAction.timeout</c>).</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(15);

    /// <summary><c>timeout</c>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether the route leaves requests all their time, whoever sends them: Istio says so unless a user says otherwise.</summary>
    public bool IsUnlimited => Timeout == TimeSpan.Zero && MaxStreamDuration is null && GrpcTimeoutOffset is null && GrpcTimeoutMax.GetValueOrDefault() == TimeSpan.Zero;

    /// <summary>Whether <c>max_stream_duration</c> is there, which puts <see cref="Timeout"/> out of effect.</summary>
    public bool HasMaxStreamDuration { get; init; }

    /// <summary><c>max_stream_duration.max_stream_duration</c>.</summary>
    public TimeSpan? MaxStreamDuration { get; init; }

    /// <summary><c>max_stream_duration.grpc_timeout_header_max</c>.</summary>
    public TimeSpan? GrpcTimeoutMax { get; init; }

    /// <summary><c>max_stream_duration.grpc_timeout_header_offset</c>.</summary>
    public TimeSpan? GrpcTimeoutOffset { get; init; }

    /// <summary><c>idle_timeout</c>: how long nothing may come or go; <see langword="null"/> for the listener's, zero for no end.</summary>
    public TimeSpan? Idle { get; init; }
}

/// <summary>Answer with another place to ask at (<c>RedirectAction</c>).</summary>
internal sealed record RedirectActionConfig : RouteActionConfig
{
    public int Status { get; init; } = 301;

    /// <summary>The new scheme (<c>scheme_redirect</c>, or https for <c>https_redirect</c>); the old one where <see langword="null"/>.</summary>
    public string? Scheme { get; init; }

    public string? Host { get; init; }

    public uint? Port { get; init; }

    /// <summary>The whole new path, perhaps with a query of its own (<c>path_redirect</c>).</summary>
    public string? Path { get; init; }

    /// <summary><c>prefix_rewrite</c> or <c>regex_rewrite</c>.</summary>
    public PathRewriteConfig? PathRewrite { get; init; }

    public bool StripQuery { get; init; }
}

/// <summary>Answer at once (<c>DirectResponseAction</c>).</summary>
internal sealed record DirectResponseActionConfig(int Status, string Body) : RouteActionConfig;

/// <summary>An action that this version does not carry out: the request fails and says so, the other routes are unharmed.</summary>
/// <param name="Field">The field of the route that gave the action, for example <c>filter_action</c>.</param>
internal sealed record UnsupportedActionConfig(string Field) : RouteActionConfig;

/// <summary>A new path; the query stays.</summary>
internal abstract record PathRewriteConfig;

/// <summary><c>prefix_rewrite</c>: takes the place of what the route matched.</summary>
internal sealed record PrefixRewriteConfig(string Value) : PathRewriteConfig;

/// <summary><c>regex_rewrite</c>.</summary>
internal sealed record RegexPathRewriteConfig(RegexRewrite Rewrite) : PathRewriteConfig;

/// <summary><c>path_rewrite_policy</c> with a URI template.</summary>
internal sealed record TemplateRewriteConfig(UriTemplateRewrite Rewrite) : PathRewriteConfig;

/// <summary>A new host.</summary>
internal abstract record HostRewriteConfig;

/// <summary><c>host_rewrite_literal</c>.</summary>
internal sealed record LiteralHostConfig(string Value) : HostRewriteConfig;

/// <summary><c>host_rewrite_header</c>: the value of a request header, unless it is empty.</summary>
internal sealed record HeaderHostConfig(string Name) : HostRewriteConfig;

/// <summary><c>host_rewrite_path_regex</c>: what the rewrite makes of the path.</summary>
internal sealed record PathRegexHostConfig(RegexRewrite Rewrite) : HostRewriteConfig;

/// <summary><c>auto_host_rewrite</c>: the hostname of the endpoint that is picked.</summary>
internal sealed record EndpointHostConfig : HostRewriteConfig;
