using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Routing;

/// <summary>The routes of one virtual host; of those that match, the first in the list wins. Immutable.</summary>
internal sealed class VirtualHost<TCluster>
    where TCluster : class
{
    private readonly Route<TCluster>[] _routes;
    private readonly PathIndex _paths;

    private VirtualHost(string name, Route<TCluster>[] routes, PathIndex paths)
    {
        Name = name;
        _routes = routes;
        _paths = paths;
    }

    public string Name { get; }

    public static VirtualHost<TCluster> Build(VirtualHostConfig config, Func<string, TCluster> cluster)
    {
        var routes = new Route<TCluster>[config.Routes.Length];
        for (var i = 0; i < routes.Length; i++)
        {
            routes[i] = Route<TCluster>.Build(config.Routes[i], cluster);
        }

        return new VirtualHost<TCluster>(config.Name, routes, new PathIndex([.. config.Routes.Select(static route => route.Match)]));
    }

    /// <param name="path">The request's path without its query.</param>
    /// <param name="headers">The request's headers.</param>
    /// <returns>The first route that matches, or null.</returns>
    public Route<TCluster>? Match<THeaders>(ReadOnlySpan<char> path, in THeaders headers)
        where THeaders : struct, IRequestHeaders
    {
        var candidates = _paths.Find(path);
        while (candidates.MoveNext())
        {
            var route = _routes[candidates.Current];
            if (route.IsMatch(path, in headers))
            {
                return route;
            }
        }

        return null;
    }
}
