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
        var balancer = LoadBalancerReader.Read(cluster, context);
        var security = TransportSocketReader.Read(cluster, context);
        var connectTimeout = DurationReader.ReadPositive(cluster.ConnectTimeout, "connect_timeout", context);
        var dnsRefreshRate = DurationReader.ReadPositive(cluster.DnsRefreshRate, "dns_refresh_rate", context);
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
            InlineEndpoints = known == ClusterDiscoveryType.Eds ? null : ReadInlineEndpoints(cluster, known, context),
            LoadBalancer = balancer,
            TransportSecurity = security,
            ConnectTimeout = connectTimeout ?? ClusterConfig.DefaultConnectTimeout,
            DnsRefreshRate = dnsRefreshRate ?? ClusterConfig.DefaultDnsRefreshRate,
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
            default:
                context.Error("type", $"{cluster.Type} is not supported: give EDS, STATIC, STRICT_DNS or LOGICAL_DNS");
                return null;
        }
    }

    private static string ReadEdsName(Cluster cluster, DecodeContext context)
    {
        ConfigSourceReader.Check(cluster.EdsClusterConfig?.EdsConfig, "eds_cluster_config.eds_config", context);
        return cluster.EdsClusterConfig is { ServiceName: { Length: > 0 } name } ? name : cluster.Name;
    }

    private static EndpointsConfig? ReadInlineEndpoints(Cluster cluster, ClusterDiscoveryType type, DecodeContext context)
    {
        if (cluster.LoadAssignment is not { } assignment)
        {
            context.Error("load_assignment", "must be set: only a cluster of type EDS gets its endpoints elsewhere");
            return null;
        }

        using var scope = context.Enter("load_assignment");
        if (type == ClusterDiscoveryType.LogicalDns && !(assignment.Endpoints.Count == 1 && assignment.Endpoints[0].LbEndpoints.Count == 1))
        {
            context.Error("endpoints", "a LOGICAL_DNS cluster must have exactly one locality with exactly one endpoint (gRFC A37)");
        }

        var origin = type == ClusterDiscoveryType.Static ? EndpointsOrigin.Static : EndpointsOrigin.Dns;
        return new EndpointsReader(origin, context).Read(assignment, cluster.Name);
    }
}
