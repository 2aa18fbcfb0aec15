using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads a route configuration, whether it came as a resource or inside a listener.</summary>
internal static class RoutesReader
{
    public static RoutesConfig Read(RouteConfiguration routes, DecodeContext context)
    {
        CheckUnsupported(routes, context);
        NoteWithoutEffect(routes, context);
        var plugins = ClusterSpecifierReader.ReadPlugins(routes.ClusterSpecifierPlugins, context);
        var hosts = ImmutableArray.CreateBuilder<VirtualHostConfig>(routes.VirtualHosts.Count);
        var domains = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < routes.VirtualHosts.Count; i++)
        {
            using var scope = context.Enter("virtual_hosts", i);
            hosts.Add(VirtualHostReader.Read(routes.VirtualHosts[i], domains, plugins, context));
        }

        return new RoutesConfig { Name = routes.Name, VirtualHosts = hosts.ToImmutable(), IgnorePortInHostMatching = routes.IgnorePortInHostMatching };
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

    private static void NoteWithoutEffect(RouteConfiguration routes, DecodeContext context)
    {
        HeaderMutationReader.Note(routes.RequestHeadersToAdd.Count + routes.RequestHeadersToRemove.Count, "request_headers_to_add", context);
        HeaderMutationReader.Note(routes.ResponseHeadersToAdd.Count + routes.ResponseHeadersToRemove.Count, "response_headers_to_add", context);
        HttpFilterReader.CheckOverrides(routes.TypedPerFilterConfig, context);
        if (routes.RequestMirrorPolicies.Count > 0)
        {
            context.WarnNoEffect("mirrored requests", "request_mirror_policies");
        }
    }
}
