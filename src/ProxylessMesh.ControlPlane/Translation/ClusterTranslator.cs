using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;
using HttpProtocolOptions = Envoy.Extensions.Upstreams.Http.V3.HttpProtocolOptions;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Makes the cluster of a service's port and subset. Static services get their endpoints by EDS, so that a new endpoint
/// touches nothing else; DNS services carry the names to resolve.
/// </summary>
internal static class ClusterTranslator
{
    private const string HttpProtocolOptionsName = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private const uint NoLimit = uint.MaxValue;

    private static readonly TimeSpan DnsRefreshRate = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DnsJitter = TimeSpan.FromMilliseconds(100);

    /// <summary>Istio's default.</summary>
    public static Duration ConnectTimeout => Duration.FromTimeSpan(TimeSpan.FromSeconds(10));

    /// <param name="service">The service.</param>
    /// <param name="port">One of its ports.</param>
    /// <param name="subset">One of its subsets, or <see langword="null"/> for all endpoints.</param>
    /// <param name="client">Who will see it.</param>
    /// <returns>The cluster, or <see langword="null"/> when there is nothing it could ever dial: a subset of a single name that lacks its labels.</returns>
    public static XdsResource? Translate(MeshService service, ServicePort port, Subset? subset, MeshClient client)
    {
        var name = XdsNames.Cluster(port.Number, subset?.Name ?? "", service.Host);
        var isSidecar = client.Dialect == ClientDialect.Sidecar;
        var policy = service.PolicyOf(subset?.Name ?? "");
        var cluster = new Cluster { Name = name, ConnectTimeout = ConnectTimeout, LbPolicy = BalancerOf(policy, isSidecar) };
        LimitRetries(policy, isSidecar, cluster);
        if (isSidecar && (service.IsHeadless || service.Resolution == ServiceResolution.None))
        {
            // The caller resolved the host itself, and that is where the connection goes.
            cluster.Type = Cluster.Types.DiscoveryType.OriginalDst;
            cluster.LbPolicy = Cluster.Types.LbPolicy.ClusterProvided;
        }
        else if (service.Resolution == ServiceResolution.Static)
        {
            cluster.Type = Cluster.Types.DiscoveryType.Eds;
            cluster.EdsClusterConfig = new Cluster.Types.EdsClusterConfig { ServiceName = name, EdsConfig = AdsSource(isSidecar) };
        }
        else
        {
            cluster.Type = service.Resolution == ServiceResolution.Dns ? Cluster.Types.DiscoveryType.StrictDns : Cluster.Types.DiscoveryType.LogicalDns;
            cluster.DnsRefreshRate = Duration.FromTimeSpan(DnsRefreshRate);
            cluster.LoadAssignment = EndpointTranslator.Assign(name, service, port, subset, client);
        }

        if (policy.LoadBalancer?.Hash is { } hash && cluster.LbPolicy != Cluster.Types.LbPolicy.ClusterProvided)
        {
            HashTranslator.Apply(hash, cluster);
        }

        if (isSidecar)
        {
            AddSidecarFields(cluster, port);
        }

        return cluster.LoadAssignment is { Endpoints.Count: 0 } ? null : XdsResource.Create(ResourceTypes.Cluster, name, cluster);
    }

    private static ConfigSource AdsSource(bool isSidecar) => isSidecar
        ? new ConfigSource { Ads = new AggregatedConfigSource(), InitialFetchTimeout = new Duration(), ResourceApiVersion = ApiVersion.V3 }
        : new ConfigSource { Ads = new AggregatedConfigSource() };

    private static void AddSidecarFields(Cluster cluster, ServicePort port)
    {
        if (cluster.LoadAssignment is not null)
        {
            cluster.DnsLookupFamily = Cluster.Types.DnsLookupFamily.V4Only;
            cluster.RespectDnsTtl = true;
            cluster.DnsJitter = Duration.FromTimeSpan(DnsJitter);
        }

        if (port.IsHttp2)
        {
            var options = new HttpProtocolOptions
            {
                ExplicitHttpConfig = new HttpProtocolOptions.Types.ExplicitHttpConfig { Http2ProtocolOptions = new Http2ProtocolOptions() },
            };
            cluster.TypedExtensionProtocolOptions.Add(
                HttpProtocolOptionsName,
                new Any { TypeUrl = ResourceTypes.Prefix + HttpProtocolOptions.Descriptor.FullName, Value = options.ToByteString() });
        }
    }

    // Envoy's own limits would hold where nothing is said; Istio's are none. Clients of gRPC have none by themselves.
    private static void LimitRetries(TrafficPolicy policy, bool isSidecar, Cluster cluster)
    {
        var thresholds = isSidecar
            ? new CircuitBreakers.Types.Thresholds { MaxConnections = NoLimit, MaxPendingRequests = NoLimit, MaxRequests = NoLimit, MaxRetries = NoLimit }
            : new CircuitBreakers.Types.Thresholds();
        if (policy.RetryBudget is { } budget)
        {
            thresholds.RetryBudget = new CircuitBreakers.Types.Thresholds.Types.RetryBudget
            {
                BudgetPercent = new Envoy.Type.V3.Percent { Value = budget.Percent },
                MinRetryConcurrency = (uint)budget.MinConcurrency,
            };
        }

        if (isSidecar || policy.RetryBudget is not null)
        {
            cluster.CircuitBreakers = new CircuitBreakers { Thresholds = { thresholds } };
        }
    }

    // What nobody chose is Istio's default in a sidecar, and round robin for gRPC clients, most of which reject LEAST_REQUEST.
    private static Cluster.Types.LbPolicy BalancerOf(TrafficPolicy policy, bool isSidecar) => policy.LoadBalancer?.Simple switch
    {
        LoadBalancerKind.LeastRequest => Cluster.Types.LbPolicy.LeastRequest,
        null when isSidecar => Cluster.Types.LbPolicy.LeastRequest,
        _ => Cluster.Types.LbPolicy.RoundRobin,
    };
}
