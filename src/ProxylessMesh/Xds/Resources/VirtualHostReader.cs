using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads a virtual host.</summary>
internal static class VirtualHostReader
{
    /// <param name="host">The message.</param>
    /// <param name="allDomains">The domains of the virtual hosts before this one; its own are added.</param>
    /// <param name="routesContext">What the route configuration declares for its routes.</param>
    /// <param name="context">Takes the errors.</param>
    public static VirtualHostConfig Read(VirtualHost host, HashSet<string> allDomains, RoutesReadContext routesContext, DecodeContext context)
    {
        if (host.Name.Length == 0)
        {
            context.Error("name", "must not be empty");
        }

        CheckDomains(host.Domains, allDomains, context);
        CheckUnsupported(host, context);
        var filters = HttpFilterReader.ReadOverrides(host.TypedPerFilterConfig, context);
        var retry = RetryPolicyReader.Read(host.RetryPolicy, context);
        var hedge = HedgePolicyReader.Read(host.HedgePolicy, context);
        var bufferLimit = ReadBufferLimit(host.RequestBodyBufferLimit, host.PerRequestBufferLimitBytes);
        if (MirrorPolicyReader.Read(host.RequestMirrorPolicies, context) is { IsEmpty: false } mirrors)
        {
            routesContext = routesContext with { Mirrors = mirrors };
        }

        var routes = ImmutableArray.CreateBuilder<RouteConfig>(host.Routes.Count);
        for (var i = 0; i < host.Routes.Count; i++)
        {
            using var scope = context.Enter("routes", i);
            if (RouteReader.Read(host.Routes[i], routesContext, context) is { } route)
            {
                routes.Add(route.Action is ForwardActionConfig forward ? route with { Action = Inherit(forward, host.Routes[i]) } : route);
            }
        }

        return new VirtualHostConfig(host.Name, [.. host.Domains], routes.ToImmutable())
        {
            Headers = HeaderMutationReader.Read(host.RequestHeadersToAdd, host.RequestHeadersToRemove, host.ResponseHeadersToAdd, host.ResponseHeadersToRemove, context),
            RequireTls = ReadTlsRequirement(host.RequireTls, context),
            VirtualClusters = ReadVirtualClusters(host, context),
            RateLimits = RateLimitReader.ReadAll(host.RateLimits, "rate_limits", context),
            IncludeAttemptCount = host.IncludeRequestAttemptCount,
            IncludeAttemptCountInResponse = host.IncludeAttemptCountInResponse,
            RetryBufferLimit = bufferLimit,
            Filters = filters,
        };

        // A route's policy takes the whole place of the virtual host's; fields of the two are never mixed.
        ForwardActionConfig Inherit(ForwardActionConfig forward, Route route) => forward with
        {
            Retry = forward.Retry ?? retry,
            Hedge = forward.Hedge ?? hedge,
            RetryBufferLimit = ReadBufferLimit(route.RequestBodyBufferLimit, route.PerRequestBufferLimitBytes) ?? bufferLimit,
        };
    }

    private static long? ReadBufferLimit(ulong? limit, uint? oldLimit) => limit is { } bytes ? (long)Math.Min(bytes, long.MaxValue) : oldLimit;

    private static TlsRequirement ReadTlsRequirement(VirtualHost.Types.TlsRequirementType requirement, DecodeContext context)
    {
        switch (requirement)
        {
            case VirtualHost.Types.TlsRequirementType.None:
                return TlsRequirement.None;
            case VirtualHost.Types.TlsRequirementType.ExternalOnly:
                return TlsRequirement.External;
            case VirtualHost.Types.TlsRequirementType.All:
                return TlsRequirement.All;
            default:
                context.Error("require_tls", $"{requirement} must be NONE, EXTERNAL_ONLY or ALL");
                return TlsRequirement.All;
        }
    }

    private static ImmutableArray<VirtualClusterConfig> ReadVirtualClusters(VirtualHost host, DecodeContext context)
    {
        var clusters = ImmutableArray.CreateBuilder<VirtualClusterConfig>(host.VirtualClusters.Count);
        for (var i = 0; i < host.VirtualClusters.Count; i++)
        {
            using var scope = context.Enter("virtual_clusters", i);
            var cluster = host.VirtualClusters[i];
            if (cluster.Name.Length == 0)
            {
                context.Error("name", "must not be empty");
            }

            if (cluster.Headers.Count == 0)
            {
                context.Error("headers", "must hold at least one condition");
            }

            clusters.Add(new VirtualClusterConfig(cluster.Name, HeaderMatcherReader.ReadAll(cluster.Headers, context)));
        }

        return clusters.ToImmutable();
    }

    private static void CheckDomains(RepeatedField<string> domains, HashSet<string> allDomains, DecodeContext context)
    {
        if (domains.Count == 0)
        {
            context.Error("domains", "must hold at least one domain");
        }

        for (var i = 0; i < domains.Count; i++)
        {
            using var scope = context.Enter("domains", i);
            var domain = domains[i];
            if (domain.Length == 0)
            {
                context.Error("", "must not be empty");
            }
            else if (domain.AsSpan().Count('*') > 1 || (domain.IndexOf('*', StringComparison.Ordinal) > 0 && domain[^1] != '*'))
            {
                context.Error("", $"'{domain}' may have one '*', at its beginning or at its end (gRFC A27)");
            }
            else if (!allDomains.Add(domain))
            {
                context.Error("", $"'{domain}' was given before: a domain belongs to one virtual host (gRFC A27)");
            }
        }
    }

    /// <summary>What would send requests elsewhere, or unprotected, if it were passed over.</summary>
    private static void CheckUnsupported(VirtualHost host, DecodeContext context)
    {
        if (host.Matcher is not null)
        {
            context.Error("matcher", "is not supported: give 'routes'");
        }
    }
}
