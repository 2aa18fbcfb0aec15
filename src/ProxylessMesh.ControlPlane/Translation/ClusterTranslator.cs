using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Makes the cluster of a service's port and subset. Static services get their endpoints by EDS, so that a new endpoint
/// touches nothing else; DNS services carry the names to resolve.
/// </summary>
internal static class ClusterTranslator
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DnsRefreshRate = TimeSpan.FromSeconds(60);

    /// <param name="service">The service.</param>
    /// <param name="port">One of its ports.</param>
    /// <param name="subset">One of its subsets, or <see langword="null"/> for all endpoints.</param>
    /// <returns>The cluster, or <see langword="null"/> when there is nothing it could ever dial: a subset of a single name that lacks its labels.</returns>
    public static XdsResource? Translate(MeshService service, ServicePort port, Subset? subset)
    {
        var name = XdsNames.Cluster(port.Number, subset?.Name ?? "", service.Host);
        var cluster = new Cluster
        {
            Name = name,
            ConnectTimeout = Duration.FromTimeSpan(ConnectTimeout),
            LbPolicy = PolicyOf(service, subset),
        };
        switch (service.Entry.Resolution)
        {
            case ServiceResolution.Static:
                cluster.Type = Cluster.Types.DiscoveryType.Eds;
                cluster.EdsClusterConfig = new Cluster.Types.EdsClusterConfig
                {
                    ServiceName = name,
                    EdsConfig = new ConfigSource { Ads = new AggregatedConfigSource() },
                };
                break;
            case ServiceResolution.Dns:
                cluster.Type = Cluster.Types.DiscoveryType.StrictDns;
                cluster.DnsRefreshRate = Duration.FromTimeSpan(DnsRefreshRate);
                cluster.LoadAssignment = EndpointTranslator.Assign(name, service, port, subset);
                break;
            default:
                cluster.Type = Cluster.Types.DiscoveryType.LogicalDns;
                cluster.DnsRefreshRate = Duration.FromTimeSpan(DnsRefreshRate);
                cluster.LoadAssignment = EndpointTranslator.Assign(name, service, port, subset);
                break;
        }

        return cluster.LoadAssignment is { Endpoints.Count: 0 } ? null : XdsResource.Create(ResourceTypes.Cluster, name, cluster);
    }

    // What nobody chose is round robin: most gRPC clients reject LEAST_REQUEST.
    private static Cluster.Types.LbPolicy PolicyOf(MeshService service, Subset? subset)
        => (subset?.LoadBalancer ?? service.LoadBalancer) == LoadBalancerKind.LeastRequest
            ? Cluster.Types.LbPolicy.LeastRequest
            : Cluster.Types.LbPolicy.RoundRobin;
}
