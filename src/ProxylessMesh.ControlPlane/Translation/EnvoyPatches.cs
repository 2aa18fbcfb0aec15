using Envoy.Config.Cluster.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Carries out what EnvoyFilters say of rate limits, in the order of the EnvoyFilters, as istiod does for sidecars. Here every client gets it:
/// istiod leaves it out for those of gRPC.
/// </summary>
internal static class EnvoyPatches
{
    /// <summary>Puts filters where they were asked for; where the filter beside them is not there, nothing is inserted.</summary>
    public static void Insert(List<HttpFilter> filters, int port, ServiceDirectory directory)
    {
        foreach (var patch in Of(EnvoyPatchTarget.HttpFilter, port, directory))
        {
            var at = patch.Anchor is null ? 0 : filters.FindIndex(filter => filter.Name == patch.Anchor);
            if (at >= 0)
            {
                filters.Insert(patch.IsAfterAnchor ? at + 1 : at, ((HttpFilter)patch.Value).Clone());
            }
        }
    }

    /// <summary>Merges into a virtual host and its routes: lists grow, entries of maps are replaced.</summary>
    public static void Apply(VirtualHost virtualHost, int port, ServiceDirectory directory)
    {
        foreach (var patch in Of(EnvoyPatchTarget.VirtualHost, port, directory).Where(patch => IsOf(patch, virtualHost)))
        {
            virtualHost.MergeFrom((VirtualHost)patch.Value);
        }

        foreach (var patch in Of(EnvoyPatchTarget.Route, port, directory).Where(patch => IsOf(patch, virtualHost)))
        {
            foreach (var route in virtualHost.Routes)
            {
                if (patch.RouteName is null || patch.RouteName == route.Name)
                {
                    Merge((Route)patch.Value, route);
                }
            }
        }
    }

    public static IEnumerable<XdsResource> Clusters(ServiceDirectory directory)
        => directory.Patches.Where(patch => patch.Target == EnvoyPatchTarget.Cluster)
            .Select(patch => (Cluster)patch.Value)
            .DistinctBy(cluster => cluster.Name)
            .Select(cluster => XdsResource.Create(ResourceTypes.Cluster, cluster.Name, cluster));

    private static IEnumerable<EnvoyPatch> Of(EnvoyPatchTarget target, int port, ServiceDirectory directory)
        => directory.Patches.Where(patch => patch.Target == target && (patch.Port is null || patch.Port == port));

    private static bool IsOf(EnvoyPatch patch, VirtualHost virtualHost) => patch.VirtualHostName is null || patch.VirtualHostName == virtualHost.Name;

    // The limits of an action are for routes that lead somewhere; merging them into another action would replace it.
    private static void Merge(Route patch, Route route)
    {
        var change = patch;
        if (patch.Route_ is not null && route.Route_ is null)
        {
            change = patch.Clone();
            change.Route_ = null;
        }

        route.MergeFrom(change);
    }
}
