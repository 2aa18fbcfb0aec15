using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Http;

/// <summary>
/// What a request needs of a listener, immutable: read once, it stays whole whatever comes meanwhile. Pending while it has
/// neither routes nor an error.
/// </summary>
/// <param name="Routes">The routes in effect.</param>
/// <param name="StandIn">
/// The routes in effect before, while a cluster that <paramref name="Routes"/> names for the first time is still on its
/// way: a request that would have to wait for that cluster goes where it went before (make before break).
/// </param>
/// <param name="Error">Why there are no routes.</param>
internal sealed record ListenerView(RouteTable<ClusterState>? Routes, RouteTable<ClusterState>? StandIn, ResourceError? Error)
{
    public static readonly ListenerView Pending = new(null, null, null);

    public bool IsPending => Routes is null && Error is null;
}
