using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Resilience;

namespace ProxylessMesh.Http;

/// <summary>A request on its way to a cluster: what the road below routing needs of it, whatever number of endpoints it tries. Immutable, on the stack.</summary>
/// <param name="Caller">The caller's request, with which to begin anew, should the cluster be gone.</param>
/// <param name="Changed">What becomes of it, where its route changes something.</param>
/// <param name="Hop">What the next hop is told of it.</param>
/// <param name="Cluster">The cluster.</param>
/// <param name="Route">Its route's name.</param>
internal readonly record struct RoutedRequest(CallerRequest Caller, ChangedRequest? Changed, HopHeaders Hop, ClusterState Cluster, string Route)
{
    /// <summary>Its hash, for all of its attempts.</summary>
    public RequestHash Hash { get; init; }

    /// <summary>The attempt's measurement, once it has begun.</summary>
    public MeasuredAttempt? Attempt { get; init; }

    public HttpRequestMessage Original => Caller.Message;

    public RequestDeadline? Deadline => Caller.Deadline;

    /// <summary>What is sent.</summary>
    public HttpRequestMessage Outgoing => Changed?.Outgoing ?? Caller.Message;
}
