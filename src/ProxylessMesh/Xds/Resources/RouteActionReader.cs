using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads where a route forwards to.</summary>
internal static class RouteActionReader
{
    /// <returns>The action, or <see langword="null"/> when it is wrong (an error is noted) or its route is left out (gRFC A37).</returns>
    public static RouteActionConfig? Read(RouteAction action, PathMatcher? path, IReadOnlySet<string> plugins, DecodeContext context)
    {
        NoteWithoutEffect(action, context);
        var timeouts = ReadTimeouts(action, context);
        var pathRewrite = RewriteReader.ReadPath(action, path, context);
        var hostRewrite = RewriteReader.ReadHost(action, context);
        var mirrors = MirrorPolicyReader.Read(action.RequestMirrorPolicies, context);
        var rateLimits = RateLimitReader.ReadAll(action.RateLimits, "rate_limits", context);
        var retry = RetryPolicyReader.Read(action.RetryPolicy, context);
        var hedge = HedgePolicyReader.Read(action.HedgePolicy, context);
        var hashPolicies = HashPolicyReader.Read(action.HashPolicy, context);
        return ReadClusters(action, plugins, context) switch
        {
            ForwardActionConfig forward => forward with
            {
                ClusterNotFoundStatus = action.ClusterNotFoundResponseCode switch
                {
                    RouteAction.Types.ClusterNotFoundResponseCode.NotFound => 404,
                    RouteAction.Types.ClusterNotFoundResponseCode.InternalServerError => 500,
                    _ => 503,
                },
                PathRewrite = pathRewrite,
                HostRewrite = hostRewrite,
                AppendForwardedHost = action.AppendXForwardedHost,
                Timeouts = timeouts,
                HashPolicies = hashPolicies,
                Mirrors = mirrors,
                RateLimits = rateLimits,
                IncludesVirtualHostLimits = action.IncludeVhRateLimits ?? false,
                Retry = retry,
                Hedge = hedge,
            },
            var other => other,
        };
    }

    private static RouteActionConfig? ReadClusters(RouteAction action, IReadOnlySet<string> plugins, DecodeContext context)
    {
        switch (action.ClusterSpecifierCase)
        {
            case RouteAction.ClusterSpecifierOneofCase.Cluster:
                if (action.Cluster.Length == 0)
                {
                    context.Error("cluster", "must not be empty");
                    return null;
                }

                return new ForwardActionConfig([new WeightedClusterConfig(action.Cluster, 1)]);

            case RouteAction.ClusterSpecifierOneofCase.WeightedClusters:
                using (context.Enter("weighted_clusters"))
                {
                    return ReadWeighted(action.WeightedClusters, context);
                }

            case RouteAction.ClusterSpecifierOneofCase.ClusterSpecifierPlugin:
                if (!plugins.Contains(action.ClusterSpecifierPlugin))
                {
                    context.Error("cluster_specifier_plugin", $"'{action.ClusterSpecifierPlugin}' is not declared in cluster_specifier_plugins (gRFC A37)");
                }

                context.WarnNoEffect("routes with a cluster specifier plugin", "cluster_specifier_plugin");
                return null;

            case RouteAction.ClusterSpecifierOneofCase.InlineClusterSpecifierPlugin:
                using (context.Enter("inline_cluster_specifier_plugin"))
                {
                    ClusterSpecifierReader.Check(action.InlineClusterSpecifierPlugin, context);
                    context.WarnNoEffect("routes with a cluster specifier plugin", "");
                    return null;
                }

            case RouteAction.ClusterSpecifierOneofCase.ClusterHeader:
                return HeaderMutationReader.ReadReference(action.ClusterHeader, "cluster_header", context) is { } header
                    ? new ForwardActionConfig([new WeightedClusterConfig("", 1) { ClusterHeader = header }])
                    : null;

            default:
                // A way to choose the cluster that is newer than this version.
                return new UnsupportedActionConfig("route.cluster_specifier");
        }
    }

    private static ForwardActionConfig? ReadWeighted(WeightedCluster weighted, DecodeContext context)
    {
        var clusters = ImmutableArray.CreateBuilder<WeightedClusterConfig>(weighted.Clusters.Count);
        var total = 0UL;
        for (var i = 0; i < weighted.Clusters.Count; i++)
        {
            using var scope = context.Enter("clusters", i);
            var cluster = weighted.Clusters[i];
            var weight = cluster.Weight ?? 0;
            total += weight;
            if (cluster.Name.Length == 0 == (cluster.ClusterHeader.Length == 0))
            {
                context.Error("name", "must not be empty; or give 'cluster_header' alone");
            }

            var filters = HttpFilterReader.ReadOverrides(cluster.TypedPerFilterConfig, context);
            var config = new WeightedClusterConfig(cluster.Name, weight)
            {
                ClusterHeader = cluster.ClusterHeader.Length > 0 ? HeaderMutationReader.ReadReference(cluster.ClusterHeader, "cluster_header", context) : null,
                Headers = HeaderMutationReader.Read(cluster.RequestHeadersToAdd, cluster.RequestHeadersToRemove, cluster.ResponseHeadersToAdd, cluster.ResponseHeadersToRemove, context),
                HostRewrite = RewriteReader.ReadLiteralHost(cluster.HostRewriteLiteral, context),
                Filters = filters,
            };
            if (weight > 0)
            {
                clusters.Add(config);
            }
        }

        if (total is 0 or > uint.MaxValue)
        {
            context.Error("clusters", $"the weights add up to {total}; the sum must be from 1 to {uint.MaxValue} (gRFC A28)");
            return null;
        }

        if (weighted.RandomValueSpecifierCase == WeightedCluster.RandomValueSpecifierOneofCase.UseHashPolicy)
        {
            context.WarnNoEffect("draws by hash", "use_hash_policy");
        }

        return new ForwardActionConfig(clusters.ToImmutable()) { RandomValueHeader = weighted.HeaderName.Length > 0 ? weighted.HeaderName.ToLowerInvariant() : null };
    }

    private static RouteTimeoutsConfig ReadTimeouts(RouteAction action, DecodeContext context)
    {
        var limit = action.MaxStreamDuration;
        var oldMax = DurationReader.Read(action.MaxGrpcTimeout, "max_grpc_timeout", context);
        var oldOffset = DurationReader.Read(action.GrpcTimeoutOffset, "grpc_timeout_offset", context);

        // The old fields stand aside for the new one; gRPC does not know them (gRFC A31).
        var readsOld = limit is null && context.Dialect == XdsDialect.Envoy;
        return new RouteTimeoutsConfig
        {
            Timeout = DurationReader.Read(action.Timeout, "timeout", context),
            Idle = DurationReader.Read(action.IdleTimeout, "idle_timeout", context),
            HasMaxStreamDuration = limit is not null,
            MaxStreamDuration = DurationReader.Read(limit?.MaxStreamDuration_, "max_stream_duration.max_stream_duration", context),
            GrpcTimeoutMax = DurationReader.Read(limit?.GrpcTimeoutHeaderMax, "max_stream_duration.grpc_timeout_header_max", context) ?? (readsOld ? oldMax : null),
            GrpcTimeoutOffset = DurationReader.Read(limit?.GrpcTimeoutHeaderOffset, "max_stream_duration.grpc_timeout_header_offset", context) ?? (readsOld ? oldOffset : null),
        };
    }

    private static void NoteWithoutEffect(RouteAction action, DecodeContext context)
    {
        NoteIf(action.PathRewrite.Length > 0, "formatted path rewrites", "path_rewrite", context);
        NoteIf(action.InternalRedirectPolicy is not null, "internal redirects", "internal_redirect_policy", context);
    }

    private static void NoteIf(bool isPresent, string kind, string field, DecodeContext context)
    {
        if (isPresent)
        {
            context.WarnNoEffect(kind, field);
        }
    }
}
