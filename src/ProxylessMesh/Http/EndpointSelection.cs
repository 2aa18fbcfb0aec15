using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;

namespace ProxylessMesh.Http;

/// <summary>Picks the endpoint of one try. Stateless.</summary>
internal static class EndpointSelection
{
    /// <param name="view">The cluster, usable.</param>
    /// <param name="routed">The request.</param>
    /// <param name="failed">An endpoint that has just refused it.</param>
    /// <param name="maxPicks">How often to look for one that is reachable.</param>
    /// <param name="random">For the balancer.</param>
    public static EndpointState? Select(ClusterView view, in RoutedRequest routed, EndpointState? failed, int maxPicks, IRandomSource random)
        => view.Destinations is { } destinations ? Find(destinations, routed.Original)
            : routed.Try is { Number: > 1, Targets: { } targets } ? SelectAgain(view, routed.Hash, failed, targets, maxPicks, random)
            : Pick(view, routed.Hash, failed, maxPicks, random);

    /// <summary>Where the request's own URI points, whatever Host it sends: that is where it would go without the mesh.</summary>
    private static EndpointState Find(OriginalDestinations destinations, HttpRequestMessage request)
    {
        var uri = request.RequestUri!; // a request without a URI does not enter the mesh
        return destinations.Find(uri.IdnHost, uri.Port);
    }

    /// <summary>Looks a few times for another than one that has just refused.</summary>
    /// <param name="view">The cluster, with a picker.</param>
    /// <param name="hash">The request's.</param>
    /// <param name="failed">The one that has just refused.</param>
    /// <param name="maxPicks">How often to look.</param>
    /// <param name="random">For the balancer.</param>
    public static EndpointState? Pick(ClusterView view, RequestHash hash, EndpointState? failed, int maxPicks, IRandomSource random)
    {
        EndpointState? endpoint = null;
        for (var i = 0; i < maxPicks; i++)
        {
            endpoint = PickOne(view, hash, i, random);
            if (endpoint is null || (!ReferenceEquals(endpoint, failed) && !endpoint.IsBackingOff))
            {
                break;
            }
        }

        return endpoint;
    }

    /// <summary>
    /// For a retry: looks as often as its policy says for one that its predicates accept. When none is found the last one is taken all the same: the
    /// predicates are a preference (<c>host_selection_retry_max_attempts</c>).
    /// </summary>
    private static EndpointState? SelectAgain(ClusterView view, RequestHash hash, EndpointState? failed, RetryTargets targets, int maxPicks, IRandomSource random)
    {
        if (failed is null && targets.PickOfNextPriority(view, random) is { } elsewhere)
        {
            return elsewhere;
        }

        EndpointState? endpoint = null;
        var (unaccepted, unreachable) = (0, 0);
        for (var i = 0; ; i++)
        {
            endpoint = PickOne(view, hash, i, random);
            if (endpoint is null)
            {
                return null;
            }

            if (!targets.Accepts(endpoint))
            {
                if (++unaccepted > targets.MaxSelections)
                {
                    return endpoint;
                }
            }
            else if (!(ReferenceEquals(endpoint, failed) || endpoint.IsBackingOff) || ++unreachable >= maxPicks)
            {
                return endpoint;
            }
        }
    }

    private static EndpointState? PickOne(ClusterView view, RequestHash hash, int skip, IRandomSource random)
    {
        var context = new PickContext(random) { Hash = hash, Skip = skip };
        var pick = view.Picker!.Pick(in context); // without destinations there is a picker
        return pick.IsNone ? null : view.Endpoints[pick.Index];
    }
}
