using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads a route configuration, whether it came as a resource or inside a listener.</summary>
internal static class RoutesReader
{
    private const uint DefaultMaxDirectResponseBytes = 4096;

    public static RoutesConfig Read(RouteConfiguration routes, DecodeContext context)
    {
        CheckUnsupported(routes, context);
        var filters = HttpFilterReader.ReadOverrides(routes.TypedPerFilterConfig, context);
        var mirrors = MirrorPolicyReader.Read(routes.RequestMirrorPolicies, context);
        var plugins = ClusterSpecifierReader.ReadPlugins(routes.ClusterSpecifierPlugins, context);
        var routesContext = new RoutesReadContext(plugins, routes.MaxDirectResponseBodySizeBytes ?? DefaultMaxDirectResponseBytes, mirrors);
        var hosts = ImmutableArray.CreateBuilder<VirtualHostConfig>(routes.VirtualHosts.Count);
        var domains = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < routes.VirtualHosts.Count; i++)
        {
            using var scope = context.Enter("virtual_hosts", i);
            hosts.Add(VirtualHostReader.Read(routes.VirtualHosts[i], domains, routesContext, context));
        }

        return new RoutesConfig
        {
            Name = routes.Name,
            VirtualHosts = hosts.ToImmutable(),
            IgnorePortInHostMatching = routes.IgnorePortInHostMatching,
            Headers = HeaderMutationReader.Read(routes.RequestHeadersToAdd, routes.RequestHeadersToRemove, routes.ResponseHeadersToAdd, routes.ResponseHeadersToRemove, context),
            MostSpecificHeadersWin = routes.MostSpecificHeaderMutationsWins,
            InternalOnlyHeaders = HeaderMutationReader.ReadNames(routes.InternalOnlyHeaders, "internal_only_headers", context),
            Filters = filters,
        };
    }

    /// <summary>What would send requests elsewhere if it were passed over.</summary>
    private static void CheckUnsupported(RouteConfiguration routes, DecodeContext context)
    {
        if (routes.Vhds is not null)
        {
            context.Error("vhds", "virtual hosts on demand are not supported: send them all");
        }

        if (routes.VhostHeader.Length > 0)
        {
            context.Error("vhost_header", "is not supported: virtual hosts are chosen by the request's authority");
        }

        if (routes.IgnorePathParametersInPathMatching)
        {
            context.Error("ignore_path_parameters_in_path_matching", "is not supported: paths are compared as they are");
        }
    }
}

/// <summary>What a route configuration declares for all of its routes.</summary>
/// <param name="Plugins">The cluster specifier plugins.</param>
/// <param name="MaxDirectResponseBytes"><c>max_direct_response_body_size_bytes</c>.</param>
/// <param name="Mirrors">Where requests go as well, unless a level below says.</param>
internal sealed record RoutesReadContext(IReadOnlySet<string> Plugins, uint MaxDirectResponseBytes, ImmutableArray<MirrorPolicyConfig> Mirrors);
