using System.Collections.Immutable;
using System.Diagnostics;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Routing;

/// <summary>One route: its conditions, and in the derived type what becomes of a request that meets them. Immutable.</summary>
internal abstract class Route<TCluster>
    where TCluster : class
{
    private readonly PathMatcher _path;
    private readonly ImmutableArray<HeaderMatcher> _headers;

    /// <summary>Whether path and headers are all there is, as in nearly every route.</summary>
    private readonly bool _hasMore;

    private protected Route(RouteConfig config)
    {
        Config = config;
        _path = config.Match.Path;
        _headers = config.Match.Headers;
        _hasMore = !(config.Match with { Headers = [] }).IsPathOnly;
    }

    /// <summary>The route's own name; empty when the control plane gave none.</summary>
    public string Name => Config.Name;

    public RouteConfig Config { get; }

    /// <summary>The filters that act on its requests, where it answers them itself; one that forwards has those of the cluster that is drawn.</summary>
    public FilterPlan? Filters { get; init; }

    public static Route<TCluster> Build(RouteConfig config, RouteScope scope, Func<string, TCluster> cluster) => config.Action switch
    {
        ForwardActionConfig forward => new ForwardRoute<TCluster>(config, forward, scope, cluster),
        RedirectActionConfig redirect => new RedirectRoute<TCluster>(config, redirect, scope.Mutations(config.Headers)) { Filters = scope.Filters(config) },
        DirectResponseActionConfig direct => new DirectResponseRoute<TCluster>(config, direct, scope.Mutations(config.Headers)) { Filters = scope.Filters(config) },
        UnsupportedActionConfig unsupported => new UnsupportedRoute<TCluster>(config, unsupported),
        _ => throw new UnreachableException($"Route '{config.Name}' has an action of the unknown type {config.Action.GetType().Name}."),
    };

    /// <inheritdoc cref="FindUnmet"/>
    /// <returns>Whether the request meets all conditions.</returns>
    public bool IsMatch<THeaders>(ReadOnlySpan<char> path, in THeaders headers, IRandomSource random)
        where THeaders : struct, IRequestHeaders
        => FindUnmet(path, in headers, random).Kind == RouteConditionKind.None;

    /// <param name="path">The request's path without its query.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="random">Draws for a route that takes a share of the requests only; <see langword="null"/> leaves that condition out.</param>
    /// <returns>The first condition that the request does not meet.</returns>
    public UnmetCondition FindUnmet<THeaders>(ReadOnlySpan<char> path, in THeaders headers, IRandomSource? random)
        where THeaders : struct, IRequestHeaders
    {
        if (!_path.IsMatch(path))
        {
            return new UnmetCondition(RouteConditionKind.Path);
        }

        for (var i = 0; i < _headers.Length; i++)
        {
            if (!_headers[i].IsMatch(headers.GetHeader(_headers[i].Name)))
            {
                return new UnmetCondition(RouteConditionKind.Header, i);
            }
        }

        return _hasMore ? FindUnmetOfTheRest(in headers, random) : default;
    }

    private UnmetCondition FindUnmetOfTheRest<THeaders>(in THeaders headers, IRandomSource? random)
        where THeaders : struct, IRequestHeaders
    {
        var match = Config.Match;
        if (match.IsImpossible)
        {
            return new UnmetCondition(RouteConditionKind.Impossible);
        }

        if (match.IsGrpc && !GrpcRequest.IsGrpc(headers.GetHeader("content-type")))
        {
            return new UnmetCondition(RouteConditionKind.Grpc);
        }

        if (!match.QueryParameters.IsEmpty)
        {
            var query = RequestPath.QueryOf(headers.GetHeader(":path").ToString());
            for (var i = 0; i < match.QueryParameters.Length; i++)
            {
                if (!match.QueryParameters[i].IsMatch(query))
                {
                    return new UnmetCondition(RouteConditionKind.QueryParameter, i);
                }
            }
        }

        // Last, so that only a request that meets everything else is drawn for.
        return match.Fraction is { } fraction && random?.Next(fraction.Denominator) >= fraction.Numerator
            ? new UnmetCondition(RouteConditionKind.Fraction)
            : default;
    }
}
