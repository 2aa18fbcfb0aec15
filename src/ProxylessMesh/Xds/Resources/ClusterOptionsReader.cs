using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Checks the options of a cluster that this version accepts without effect, and rejects those that could be security.</summary>
internal static class ClusterOptionsReader
{
    private const uint MaxPercent = 100;

    public static void Check(Cluster cluster, DecodeContext context)
    {
        CheckOutlierDetection(cluster.OutlierDetection, context);
        CheckNetworkFilters(cluster, context);
        if (cluster.LrsServer is not null && cluster.LrsServer.ConfigSourceSpecifierCase != ConfigSource.ConfigSourceSpecifierOneofCase.Self)
        {
            context.Error("lrs_server", "must be 'self' (gRFC A27)");
        }

        NoteIf(cluster.LrsServer is not null, "load reports", "lrs_server", context);
        NoteIf(cluster.HealthChecks.Count > 0, "active health checks", "health_checks", context);
        NoteIf(cluster.UpstreamBindConfig is not null, "local addresses", "upstream_bind_config", context);
        NoteIf(cluster.CommonLbConfig is { } common && HasUnread(common), "common balancing options", "common_lb_config", context);
        CheckDns(cluster, context);
    }

    /// <summary>Names are looked up by the process's own resolver, which tells no time to live.</summary>
    private static void CheckDns(Cluster cluster, DecodeContext context)
    {
        var resolver = cluster.TypedDnsResolverConfig?.TypedConfig;
        if (cluster.TypedDnsResolverConfig is not null && !ExtensionTypes.DnsResolvers.Contains(resolver?.TypeUrl ?? ""))
        {
            context.Error("typed_dns_resolver_config.typed_config", $"the resolver type '{resolver?.TypeUrl}' is not supported: leave 'typed_dns_resolver_config' out");
        }

        NoteIf(cluster.RespectDnsTtl, "times to live of DNS records (the resolver does not tell them)", "respect_dns_ttl", context);
        NoteIf(cluster.DnsResolvers.Count > 0 || cluster.DnsResolutionConfig is not null, "resolvers of a cluster's own", cluster.DnsResolvers.Count > 0 ? "dns_resolvers" : "dns_resolution_config", context);
        NoteIf(cluster.DnsFailureRefreshRate is not null, "other refresh rates after a failed look-up", "dns_failure_refresh_rate", context);
    }

    private static void CheckOutlierDetection(OutlierDetection? outlier, DecodeContext context)
    {
        if (outlier is null)
        {
            return;
        }

        using var scope = context.Enter("outlier_detection");
        context.WarnNoEffect("ejections of outliers", "");
        DurationReader.Read(outlier.Interval, "interval", context);
        DurationReader.Read(outlier.BaseEjectionTime, "base_ejection_time", context);
        DurationReader.Read(outlier.MaxEjectionTime, "max_ejection_time", context);
        CheckPercent(outlier.MaxEjectionPercent, "max_ejection_percent", context);
        CheckPercent(outlier.EnforcingConsecutive5Xx, "enforcing_consecutive_5xx", context);
        CheckPercent(outlier.EnforcingConsecutiveGatewayFailure, "enforcing_consecutive_gateway_failure", context);
        CheckPercent(outlier.EnforcingConsecutiveLocalOriginFailure, "enforcing_consecutive_local_origin_failure", context);
        CheckPercent(outlier.EnforcingSuccessRate, "enforcing_success_rate", context);
        CheckPercent(outlier.EnforcingLocalOriginSuccessRate, "enforcing_local_origin_success_rate", context);
        CheckPercent(outlier.EnforcingFailurePercentage, "enforcing_failure_percentage", context);
        CheckPercent(outlier.EnforcingFailurePercentageLocalOrigin, "enforcing_failure_percentage_local_origin", context);
        CheckPercent(outlier.FailurePercentageThreshold, "failure_percentage_threshold", context);
    }

    private static void CheckPercent(uint? percent, string field, DecodeContext context)
    {
        if (percent > MaxPercent)
        {
            context.Error(field, $"{percent} must not exceed {MaxPercent} (gRFC A50)");
        }
    }

    private static void CheckNetworkFilters(Cluster cluster, DecodeContext context)
    {
        for (var i = 0; i < cluster.Filters.Count; i++)
        {
            using var scope = context.Enter("filters", i);
            var config = cluster.Filters[i].TypedConfig;
            var typeUrl = config is null ? "" : ExtensionTypes.Resolve(config, context);
            if (typeUrl is not null && !ExtensionTypes.IstioWithoutEffect.Contains(typeUrl))
            {
                context.Error("typed_config", $"the network filter type '{typeUrl}' is not supported: leave the filter out");
            }
        }
    }

    /// <summary>Whether there is more than what <see cref="LoadBalancerReader"/> reads.</summary>
    private static bool HasUnread(Cluster.Types.CommonLbConfig common)
    {
        var read = new Cluster.Types.CommonLbConfig { ConsistentHashingLbConfig = common.ConsistentHashingLbConfig };
        if (common.LocalityWeightedLbConfig is not null)
        {
            read.LocalityWeightedLbConfig = common.LocalityWeightedLbConfig;
        }

        return !common.Equals(read);
    }

    private static void NoteIf(bool isPresent, string kind, string field, DecodeContext context)
    {
        if (isPresent)
        {
            context.WarnNoEffect(kind, field);
        }
    }
}
