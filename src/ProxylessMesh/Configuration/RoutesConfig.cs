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
}

/// <summary>A virtual host: the domains it answers for and its routes, first match wins.</summary>
internal sealed record VirtualHostConfig(string Name, ImmutableArray<string> Domains, ImmutableArray<RouteConfig> Routes);

/// <summary>One route: what it matches and what it does with the request.</summary>
internal sealed record RouteConfig
{
    /// <summary>The route's own name; empty when the control plane gave none.</summary>
    public string Name { get; init; } = "";

    public required RouteMatchConfig Match { get; init; }

    public required RouteActionConfig Action { get; init; }
}

/// <summary>The conditions of a route; all must hold.</summary>
internal sealed record RouteMatchConfig(PathMatcher Path, ImmutableArray<HeaderMatcher> Headers);

/// <summary>What a route does.</summary>
internal abstract record RouteActionConfig;

/// <summary>
/// Forward to one of <see cref="Clusters"/>, drawn by weight (gRFC A28). A plain <c>cluster</c> is one entry of weight 1.
/// The decoder guarantees at least one entry and a total weight in [1, 2^32-1].
/// </summary>
internal sealed record ForwardActionConfig(ImmutableArray<WeightedClusterConfig> Clusters) : RouteActionConfig;

/// <summary>One choice of a weighted route.</summary>
internal sealed record WeightedClusterConfig(string ClusterName, uint Weight);

/// <summary>An action that this version does not carry out: the request fails and says so, the other routes are unharmed.</summary>
/// <param name="Field">The field of the route that gave the action, for example <c>redirect</c>.</param>
internal sealed record UnsupportedActionConfig(string Field) : RouteActionConfig;
