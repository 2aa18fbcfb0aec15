using System.Collections.Immutable;
using System.Globalization;
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

    /// <summary>Asks every route again, for a person: slow.</summary>
    /// <param name="path">The request's path without its query.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="found">What <see cref="Match"/> found: what was drawn then is not drawn again.</param>
    /// <returns>All routes in their order, each but <paramref name="found"/> with the first reason why it is not that.</returns>
    public ImmutableArray<MeshCandidate> Explain<THeaders>(ReadOnlySpan<char> path, in THeaders headers, Route<TCluster>? found)
        where THeaders : struct, IRequestHeaders
    {
        var candidates = ImmutableArray.CreateBuilder<MeshCandidate>(_routes.Length);
        var isBefore = true;
        for (var i = 0; i < _routes.Length; i++)
        {
            var route = _routes[i];
            var isFound = ReferenceEquals(route, found);
            isBefore &= !isFound;
            var unmet = isFound ? default : route.FindUnmet(path, in headers, random: null);
            candidates.Add(new MeshCandidate
            {
                Name = NameOf(route),
                Rejection = unmet.Kind != RouteConditionKind.None ? RouteConditions.Describe(route.Config.Match, unmet, in headers)
                    : isFound ? null
                    : isBefore ? RouteConditions.Describe(route.Config.Match, new UnmetCondition(RouteConditionKind.Fraction), in headers)
                    : "stands behind a route that matches",
            });
        }

        return candidates.MoveToImmutable();
    }

    /// <summary>What a route is called in explanations: by its place where it has no name.</summary>
    public string NameOf(Route<TCluster> route)
        => route.Name.Length > 0 ? route.Name : string.Create(CultureInfo.InvariantCulture, $"#{Array.IndexOf(_routes, route)}");

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
