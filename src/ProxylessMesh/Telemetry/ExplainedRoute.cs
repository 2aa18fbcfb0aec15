using System.Collections.Immutable;

namespace ProxylessMesh.Telemetry;

/// <summary>What the routes made of a request, and what they might have made of it. Immutable.</summary>
/// <param name="RouteConfiguration">The route configuration.</param>
/// <param name="VirtualHost">The virtual host, if one answers.</param>
/// <param name="Route">The route, if one matches.</param>
/// <param name="VirtualHosts">All virtual hosts.</param>
/// <param name="Routes">All routes of the virtual host.</param>
internal sealed record ExplainedRoute(
    string? RouteConfiguration, string? VirtualHost, string? Route, ImmutableArray<MeshCandidate> VirtualHosts, ImmutableArray<MeshCandidate> Routes)
{
    /// <summary>The routes were not asked.</summary>
    public static readonly ExplainedRoute None = new(null, null, null, [], []);
}
