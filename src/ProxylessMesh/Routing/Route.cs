using System.Collections.Immutable;
using System.Diagnostics;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Routing;

/// <summary>One route: its conditions, and in the derived type what becomes of a request that meets them. Immutable.</summary>
internal abstract class Route<TCluster>
    where TCluster : class
{
    private readonly PathMatcher _path;
    private readonly ImmutableArray<HeaderMatcher> _headers;

    private protected Route(RouteConfig config)
    {
        Config = config;
        _path = config.Match.Path;
        _headers = config.Match.Headers;
    }

    /// <summary>The route's own name; empty when the control plane gave none.</summary>
    public string Name => Config.Name;

    public RouteConfig Config { get; }

    public static Route<TCluster> Build(RouteConfig config, Func<string, TCluster> cluster) => config.Action switch
    {
        ForwardActionConfig forward => new ForwardRoute<TCluster>(config, forward, cluster),
        UnsupportedActionConfig unsupported => new UnsupportedRoute<TCluster>(config, unsupported),
        _ => throw new UnreachableException($"Route '{config.Name}' has an action of the unknown type {config.Action.GetType().Name}."),
    };

    public bool IsMatch<THeaders>(ReadOnlySpan<char> path, in THeaders headers)
        where THeaders : struct, IRequestHeaders
    {
        if (!_path.IsMatch(path))
        {
            return false;
        }

        foreach (var header in _headers)
        {
            if (!header.IsMatch(headers.GetHeader(header.Name)))
            {
                return false;
            }
        }

        return true;
    }
}
