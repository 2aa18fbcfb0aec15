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

        var told = new FilterRoute { RouteName = route.Name, VirtualHostName = VirtualHost?.Name ?? "", ClusterName = cluster?.ClusterName ?? "", RateLimits = RateLimitsOf(route) };
        var host = $"{Routes?.Name}/{VirtualHost?.Name}";
        var place = $"{host}/{PlaceOf(route, cluster)}";
        return Chain.PlanFor(
            told,
            new FilterLevel(Routes?.Filters ?? FilterOverridesConfig.None, Routes?.Name ?? ""),
            new FilterLevel(VirtualHost?.Filters ?? FilterOverridesConfig.None, host),
            new FilterLevel(route.Filters, place),
            new FilterLevel(cluster?.Filters ?? FilterOverridesConfig.None, $"{place}/{cluster?.ClusterName}"));
    }

    private RouteRateLimits RateLimitsOf(RouteConfig route)
        => route.Action is ForwardActionConfig action && !(action.RateLimits.IsEmpty && VirtualHost is null or { RateLimits.IsEmpty: true } && route.Metadata.Values.IsEmpty)
            ? new RouteRateLimits(action.RateLimits, VirtualHost?.RateLimits ?? [], action.IncludesVirtualHostLimits, route.Metadata)
            : RouteRateLimits.None;

    /// <summary>The route by its name, so that one that is put before it does not make it another; by its number where it has none, or where it has one of several of that name.</summary>
    private string PlaceOf(RouteConfig route, WeightedClusterConfig? cluster)
    {
        if (route.Filters.IsEmpty && cluster is null or { Filters.IsEmpty: true })
        {
            return ""; // nothing is said here
        }

        var isUnique = route.Name.Length > 0 && VirtualHost is not null && VirtualHost.Routes.Count(other => other.Name == route.Name) == 1;
        return isUnique ? route.Name : string.Create(CultureInfo.InvariantCulture, $"{route.Name}#{Index}");
    }
}
