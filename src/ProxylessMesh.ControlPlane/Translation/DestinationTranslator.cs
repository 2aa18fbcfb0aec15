using Envoy.Config.Core.V3;
using Envoy.Config.Route.V3;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Finds the clusters of destinations, with what their DestinationRules say to a route. One for each list of routes.</summary>
/// <param name="listenerPort">The port that requests were sent to.</param>
/// <param name="directory">What the client sees.</param>
internal sealed class DestinationTranslator(ServicePort listenerPort, ServiceDirectory directory)
{
    /// <param name="destination">As the file has it.</param>
    /// <param name="ns">Completes its host.</param>
    public string ClusterOf(RouteDestination destination, string ns)
    {
        // One that is not there, or that this client does not see, is a cluster that never comes.
        if (!directory.TryResolveReference(destination.Host, ns, out var service))
        {
            return XdsNames.Cluster(destination.Port ?? listenerPort.Number, destination.Subset, ServiceNames.CompleteReference(destination.Host, ns));
        }

        var port = destination.Port ?? (service.Ports is [var only] ? only.Number : listenerPort.Number);
        return XdsNames.Cluster(port, destination.Subset, service.Host);
    }

    /// <summary>What of a request is hashed for a destination; <see langword="null"/> for another balancer.</summary>
    public ConsistentHash? HashOf(RouteDestination destination, string ns)
        => directory.TryResolveReference(destination.Host, ns, out var service) ? service.PolicyOf(destination.Subset).LoadBalancer?.Hash : null;

    public WeightedCluster Weighted(HttpRoute http, string ns)
    {
        var weighted = new WeightedCluster();
        foreach (var destination in http.Destinations)
        {
            if (destination.Weight > 0)
            {
                var cluster = new WeightedCluster.Types.ClusterWeight { Name = ClusterOf(destination, ns), Weight = destination.Weight };
                HeaderTranslator.Apply(destination.Headers, cluster);
                weighted.Clusters.Add(cluster);
            }
        }

        return weighted;
    }

    /// <summary>A mirror keeps the host's name and does not decide about the trace, as istiod has it.</summary>
    public RouteAction.Types.RequestMirrorPolicy Mirror(HttpMirror mirror, string ns) => new()
    {
        Cluster = ClusterOf(mirror.Destination, ns),
        RuntimeFraction = new RuntimeFractionalPercent { DefaultValue = ShareTranslator.Translate(mirror.Share) },
        TraceSampled = false,
        DisableShadowHostSuffixAppend = true,
    };
}
