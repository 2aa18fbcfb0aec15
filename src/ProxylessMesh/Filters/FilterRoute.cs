namespace ProxylessMesh.Filters;

/// <summary>What filters are told of a request's route. Immutable, made with the routes.</summary>
internal sealed record FilterRoute
{
    /// <summary>The route's name; empty when it has none.</summary>
    public string RouteName { get; init; } = "";

    public string VirtualHostName { get; init; } = "";

    /// <summary>The cluster that was drawn; empty where a header of the request names it, or where the route does not forward.</summary>
    public string ClusterName { get; init; } = "";

    /// <summary>What its requests are counted as; nothing where the route does not forward.</summary>
    public RouteRateLimits RateLimits { get; init; } = RouteRateLimits.None;
}
