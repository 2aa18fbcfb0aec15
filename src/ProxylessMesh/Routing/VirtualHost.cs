using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Routing;

/// <summary>The routes of one virtual host; of those that match, the first in the list wins. Immutable.</summary>
internal sealed class VirtualHost<TCluster>
    where TCluster : class
{
    /// <summary>Counts what belongs to no virtual cluster.</summary>
    private const string OtherVirtualCluster = "other";

    private readonly Route<TCluster>[] _routes;
    private readonly PathIndex _paths;

    private VirtualHost(VirtualHostConfig config, Route<TCluster>[] routes, PathIndex paths)
    {
        Config = config;
        _routes = routes;
        _paths = paths;
    }

    public string Name => Config.Name;

    public VirtualHostConfig Config { get; }

    public static VirtualHost<TCluster> Build(VirtualHostConfig config, RouteScope scope, Func<string, TCluster> cluster)
    {
        scope = scope with { VirtualHost = config };
        var routes = new Route<TCluster>[config.Routes.Length];
        for (var i = 0; i < routes.Length; i++)
        {
            routes[i] = Route<TCluster>.Build(config.Routes[i], scope with { Index = i }, cluster);
        }

        return new VirtualHost<TCluster>(config, routes, new PathIndex([.. config.Routes.Select(static route => route.Match)]));
    }

    /// <param name="path">The request's path without its query.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="random">Draws for routes that take a share of the requests only.</param>
    /// <returns>The first route that matches, or null.</returns>
    public Route<TCluster>? Match<THeaders>(ReadOnlySpan<char> path, in THeaders headers, IRandomSource random)
        where THeaders : struct, IRequestHeaders
    {
        var candidates = _paths.Find(path);
        while (candidates.MoveNext())
        {
            var route = _routes[candidates.Current];
            if (route.IsMatch(path, in headers, random))
            {
                return route;
            }
        }

        return null;
    }

    /// <summary>The name under which statistics count a request, or <see langword="null"/> when there are no virtual clusters.</summary>
    public string? FindVirtualCluster<THeaders>(in THeaders headers)
        where THeaders : struct, IRequestHeaders
    {
        foreach (var cluster in Config.VirtualClusters)
        {
            var isMatch = true;
            foreach (var header in cluster.Headers)
            {
                isMatch = isMatch && header.IsMatch(headers.GetHeader(header.Name));
            }

            if (isMatch)
            {
                return cluster.Name;
            }
        }

        return Config.VirtualClusters.IsEmpty ? null : OtherVirtualCluster;
    }
}
