using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>
/// A client-side listener (<c>envoy.config.listener.v3.Listener.api_listener</c>): where the routes of one authority come
/// from. Exactly one of <see cref="RoutesName"/> and <see cref="InlineRoutes"/> is set.
/// </summary>
internal sealed record ListenerConfig
{
    public required string Name { get; init; }

    /// <summary>The RDS resource to follow (<c>rds.route_config_name</c>).</summary>
    public string? RoutesName { get; init; }

    /// <summary>The routes given inside the listener (<c>route_config</c>).</summary>
    public RoutesConfig? InlineRoutes { get; init; }

    /// <summary>What it says of requests before they are routed.</summary>
    public HttpConnectionConfig Connection { get; init; } = HttpConnectionConfig.Default;

    /// <summary>The HTTP filters in the order given, the terminal router left out.</summary>
    public ImmutableArray<HttpFilterConfig> Filters { get; init; } = [];
}
