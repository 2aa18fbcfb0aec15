using Envoy.Config.Cluster.V3;
using Google.Protobuf;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Decodes clusters (CDS). Stateless.</summary>
/// <param name="dialect">How fields are meant that gRPC and Envoy read differently.</param>
internal sealed class ClusterDecoder(XdsDialect dialect = XdsDialect.Grpc) : IResourceDecoder<ClusterConfig>
{
    public string TypeUrl => ResourceTypes.Cluster;

    public DecodeResult<ClusterConfig> Decode(ByteString value)
        => ResourceReader.Read(value, Cluster.Parser, "name", static cluster => cluster.Name, Read, dialect);

    private static ClusterConfig? Read(Cluster cluster, DecodeContext context)
    {
        var type = ReadType(cluster, context);
        var balancer = type == ClusterDiscoveryType.OriginalDestination ? ReadOriginalDestination(cluster, context) : LoadBalancerReader.Read(cluster, context);
        var tls = TransportSocketReader.Read(cluster, context);
        var matches = TransportSocketReader.ReadMatches(cluster, context);
        var protocol = UpstreamProtocolReader.Read(cluster, context);
        var connectTimeout = DurationReader.ReadPositive(cluster.ConnectTimeout, "connect_timeout", context);
        var dnsRefreshRate = DurationReader.ReadPositive(cluster.DnsRefreshRate, "dns_refresh_rate", context);
        var dnsJitter = DurationReader.Read(cluster.DnsJitter, "dns_jitter", context);
        var lookupFamily = ReadLookupFamily(cluster, context);
        var retries = RetryLimitReader.Read(cluster.CircuitBreakers, context);
        ClusterOptionsReader.Check(cluster, context);
        if (type is not { } known || balancer is null)
        {
            return null;
        }

        return new ClusterConfig
        {
            Name = cluster.Name,
            DiscoveryType = known,
            EdsName = known == ClusterDiscoveryType.Eds ? ReadEdsName(cluster, context) : null,
            InlineEndpoints = known is ClusterDiscoveryType.Eds or ClusterDiscoveryType.OriginalDestination ? null : ReadInlineEndpoints(cluster, known, lookupFamily, context),
            LoadBalancer = balancer,
            Tls = tls,
            TransportSocketMatches = matches,
            Protocol = protocol,
            ConnectTimeout = connectTimeout ?? ClusterConfig.DefaultConnectTimeout,
            DnsRefreshRate = dnsRefreshRate ?? ClusterConfig.DefaultDnsRefreshRate,
            DnsJitter = dnsJitter ?? TimeSpan.Zero,
            LookupFamily = lookupFamily,
            Retries = retries,
        };
    }

    private static ClusterDiscoveryType? ReadType(Cluster cluster, DecodeContext context)
    {
        if (cluster.ClusterDiscoveryTypeCase == Cluster.ClusterDiscoveryTypeOneofCase.ClusterType)
        {
            context.Error("cluster_type", $"'{cluster.ClusterType.TypedConfig?.TypeUrl}' is not supported in this version: give 'type'");
            return null;
        }

        // Without either field the type is STATIC, as the enum's zero says.
        switch (cluster.Type)
        {
            case Cluster.Types.DiscoveryType.Eds:
                return ClusterDiscoveryType.Eds;
            case Cluster.Types.DiscoveryType.Static:
                return ClusterDiscoveryType.Static;
            case Cluster.Types.DiscoveryType.StrictDns:
                return ClusterDiscoveryType.StrictDns;
            case Cluster.Types.DiscoveryType.LogicalDns:
                return ClusterDiscoveryType.LogicalDns;
            case Cluster.Types.DiscoveryType.OriginalDst:
                return ClusterDiscoveryType.OriginalDestination;
            default:
                context.Error("type", $"{cluster.Type} is not supported: give EDS, STATIC, STRICT_DNS, LOGICAL_DNS or ORIGINAL_DST");
                return null;
        }
    }

    /// <summary>There is nothing to balance. What would take the destination from elsewhere than the request's URI is not supported.</summary>
    private static RoundRobinConfig? ReadOriginalDestination(Cluster cluster, DecodeContext context)
    {
        if (cluster.LbPolicy != Cluster.Types.LbPolicy.ClusterProvided && cluster.LoadBalancingPolicy is null)
        {
            context.Error("lb_policy", $"{cluster.LbPolicy} is not supported for a cluster of type ORIGINAL_DST: give CLUSTER_PROVIDED");
            return null;
        }

        if (cluster.OriginalDstLbConfig is { } config && (config.UseHttpHeader || config.UpstreamPortOverride is not null || config.MetadataKey is not null))
        {
            context.Error("original_dst_lb_config", "is not supported: a request goes where its URI points");
            return null;
        }

        return RoundRobinConfig.Instance;
    }

    private static DnsLookupFamily ReadLookupFamily(Cluster cluster, DecodeContext context)
    {
        switch (cluster.DnsLookupFamily)
        {
            case Cluster.Types.DnsLookupFamily.Auto or Cluster.Types.DnsLookupFamily.All:
                return DnsLookupFamily.All;
            case Cluster.Types.DnsLookupFamily.V4Only:
                return DnsLookupFamily.V4Only;
            case Cluster.Types.DnsLookupFamily.V6Only:
                return DnsLookupFamily.V6Only;
            case Cluster.Types.DnsLookupFamily.V4Preferred:
                return DnsLookupFamily.V4Preferred;
            default:
                context.Error("dns_lookup_family", $"{(int)cluster.DnsLookupFamily} is not supported: give AUTO, V4_ONLY, V6_ONLY, V4_PREFERRED or ALL");
                return DnsLookupFamily.All;
        }
    }

    private static string ReadEdsName(Cluster cluster, DecodeContext context)
    {
        ConfigSourceReader.Check(cluster.EdsClusterConfig?.EdsConfig, "eds_cluster_config.eds_config", context);
        if (cluster.EdsClusterConfig is { ServiceName: { Length: > 0 } name })
        {
            return name;
        }

        if (XdstpName.IsXdstp(cluster.Name))
        {
            context.Error("eds_cluster_config.service_name", "must be set: an xdstp name says its type, and the cluster's is no endpoint set's (gRFC A47)");
        }

        return cluster.Name;
    }

    private static EndpointsConfig? ReadInlineEndpoints(Cluster cluster, ClusterDiscoveryType type, DnsLookupFamily family, DecodeContext context)
    {
        if (cluster.LoadAssignment is not { } assignment)
        {
            // A black hole: a static cluster whose requests are meant to fail.
            if (type == ClusterDiscoveryType.Static)
            {
                return EndpointsConfig.Empty with { ClusterName = cluster.Name };
            }

            context.Error("load_assignment", "must be set: it holds the names to look up");
            return null;
        }

        using var scope = context.Enter("load_assignment");
        if (type == ClusterDiscoveryType.LogicalDns && !(assignment.Endpoints.Count == 1 && assignment.Endpoints[0].LbEndpoints.Count == 1))
        {
            context.Error("endpoints", "a LOGICAL_DNS cluster must have exactly one locality with exactly one endpoint (gRFC A37)");
        }

        var origin = type == ClusterDiscoveryType.Static ? EndpointsOrigin.Static : EndpointsOrigin.Dns;
        return new EndpointsReader(origin, context, family).Read(assignment, cluster.Name);
    }
}
