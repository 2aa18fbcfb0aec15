using System.Globalization;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Routing;

/// <summary>What routes inherit from where they stand.</summary>
/// <param name="Routes">The route configuration.</param>
/// <param name="VirtualHost">The virtual host.</param>
/// <param name="Index">The route's place in it.</param>
/// <param name="Chain">The listener's filters.</param>
internal sealed record RouteScope(RoutesConfig? Routes, VirtualHostConfig? VirtualHost, int Index, FilterChain? Chain)
{
    public static readonly RouteScope None = new(null, null, 0, null);

    /// <param name="own">The levels below the virtual host, the most specific first.</param>
    public HeaderMutations Mutations(params IEnumerable<HeaderMutationsConfig> own)
        => HeaderMutations.Build(
            Routes?.MostSpecificHeadersWin ?? false, [.. own, VirtualHost?.Headers ?? HeaderMutationsConfig.None, Routes?.Headers ?? HeaderMutationsConfig.None]);

    /// <summary>The filters that act on the requests of one route, or on those that it sends to one of its clusters.</summary>
    /// <param name="route">The route.</param>
    /// <param name="cluster">The cluster, where the route forwards.</param>
    public FilterPlan? Filters(RouteConfig route, WeightedClusterConfig? cluster = null)
    {
        if (Chain is null || Chain.IsEmpty)
        {
            return null;
        }

        var told = new FilterRoute { RouteName = route.Name, VirtualHostName = VirtualHost?.Name ?? "", ClusterName = cluster?.ClusterName ?? "" };
        var name = route.Name.Length > 0 ? route.Name : Index.ToString(CultureInfo.InvariantCulture);
        return Chain.PlanFor(
            told,
            $"{Routes?.Name}/{VirtualHost?.Name}/{name}/{cluster?.ClusterName}",
            Routes?.Filters ?? FilterOverridesConfig.None,
            VirtualHost?.Filters ?? FilterOverridesConfig.None,
            route.Filters,
            cluster?.Filters ?? FilterOverridesConfig.None);
    }
}
