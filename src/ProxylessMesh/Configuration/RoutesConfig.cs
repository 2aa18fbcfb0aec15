using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>A route configuration (<c>envoy.config.route.v3.RouteConfiguration</c>).</summary>
internal sealed record RoutesConfig
{
    public required string Name { get; init; }

    public required ImmutableArray<VirtualHostConfig> VirtualHosts { get; init; }

    /// <summary>Match domains against the host with its port taken off (<c>ignore_port_in_host_matching</c>).</summary>
    public bool IgnorePortInHostMatching { get; init; }

    public HeaderMutationsConfig Headers { get; init; } = HeaderMutationsConfig.None;

    /// <summary>
    /// Whether the route configuration mutates headers first and the cluster last, so that the most specific has the last word
    /// (<c>most_specific_header_mutations_wins</c>). The default is the other way round.
    /// </summary>
    public bool MostSpecificHeadersWin { get; init; }

    /// <summary>Request headers that only callers of the mesh itself may send (<c>internal_only_headers</c>), in lower case.</summary>
    public ImmutableArray<string> InternalOnlyHeaders { get; init; } = [];

    /// <inheritdoc cref="RouteConfig.Filters"/>
    public FilterOverridesConfig Filters { get; init; } = FilterOverridesConfig.None;
}

/// <summary>A virtual host: the domains it answers for and its routes, first match wins.</summary>
internal sealed record VirtualHostConfig(string Name, ImmutableArray<string> Domains, ImmutableArray<RouteConfig> Routes)
{
    public HeaderMutationsConfig Headers { get; init; } = HeaderMutationsConfig.None;

    public TlsRequirement RequireTls { get; init; }

    public ImmutableArray<VirtualClusterConfig> VirtualClusters { get; init; } = [];

    /// <summary>What requests are counted as (<c>rate_limits</c>).</summary>
    public ImmutableArray<RateLimitConfig> RateLimits { get; init; } = [];

    /// <summary>Count the attempts in <c>x-envoy-attempt-count</c> (<c>include_request_attempt_count</c>).</summary>
    public bool IncludeAttemptCount { get; init; }

    /// <summary>Count them in the response as well (<c>include_attempt_count_in_response</c>).</summary>
    public bool IncludeAttemptCountInResponse { get; init; }

    /// <summary>How much of a body is kept to be sent again (<c>request_body_buffer_limit</c>, or <c>per_request_buffer_limit_bytes</c>), in bytes; <see langword="null"/> for the default.</summary>
    public long? RetryBufferLimit { get; init; }

    /// <inheritdoc cref="RouteConfig.Filters"/>
    public FilterOverridesConfig Filters { get; init; } = FilterOverridesConfig.None;
}

/// <summary>Whose requests must come by TLS (<c>VirtualHost.TlsRequirementType</c>).</summary>
internal enum TlsRequirement
{
    None,
    External,
    All,
}

/// <summary>A name for a part of the requests, for statistics (<c>VirtualCluster</c>); the first whose headers match.</summary>
internal sealed record VirtualClusterConfig(string Name, ImmutableArray<HeaderMatcher> Headers);

/// <summary>One route: what it matches and what it does with the request.</summary>
internal sealed record RouteConfig
{
    /// <summary>The route's own name; empty when the control plane gave none.</summary>
    public string Name { get; init; } = "";

    public required RouteMatchConfig Match { get; init; }

    public required RouteActionConfig Action { get; init; }

    public HeaderMutationsConfig Headers { get; init; } = HeaderMutationsConfig.None;

    /// <summary>What it says of itself (<c>metadata</c>).</summary>
    public RouteMetadataConfig Metadata { get; init; } = RouteMetadataConfig.None;

    /// <summary>What is said here of the listener's filters (<c>typed_per_filter_config</c>).</summary>
    public FilterOverridesConfig Filters { get; init; } = FilterOverridesConfig.None;
}
