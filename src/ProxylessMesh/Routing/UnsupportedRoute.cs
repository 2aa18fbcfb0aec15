using ProxylessMesh.Configuration;

namespace ProxylessMesh.Routing;

/// <summary>A route whose action this version does not carry out: it matches, so that no later route takes its requests, and they fail.</summary>
internal sealed class UnsupportedRoute<TCluster>(RouteConfig config, UnsupportedActionConfig action) : Route<TCluster>(config)
    where TCluster : class
{
    /// <summary>The field of the route that gave the action, for example <c>redirect</c>.</summary>
    public string Field { get; } = action.Field;
}
