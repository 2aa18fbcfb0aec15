using System.Diagnostics;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Routing;

/// <summary>Where a request goes under another path or host. Stateless.</summary>
internal static class RequestRewrite
{
    /// <param name="rewrite">The rewrite.</param>
    /// <param name="matcher">What the route's path was matched by.</param>
    /// <param name="pathAndQuery">The path that matched, and its query, which stays.</param>
    public static string Path(PathRewriteConfig rewrite, PathMatcher matcher, string pathAndQuery)
    {
        var path = RequestPath.WithoutQuery(pathAndQuery);
        var query = pathAndQuery.AsSpan(path.Length);
        return rewrite switch
        {
            PrefixRewriteConfig prefix => string.Concat(prefix.Value, path[matcher.MatchedLength(path)..], query),
            RegexPathRewriteConfig regex => string.Concat(regex.Rewrite.Apply(path.ToString()), query),
            TemplateRewriteConfig template => string.Concat(template.Rewrite.Apply(path.ToString()), query),
            _ => throw new UnreachableException($"A path rewrite of the unknown type {rewrite.GetType().Name}."),
        };
    }

    /// <returns>The new host, or <see langword="null"/> when it stays, or is that of an endpoint still to be picked.</returns>
    private static string? Host(HostRewriteConfig? rewrite, IHeaderMap headers, string pathAndQuery) => rewrite switch
    {
        LiteralHostConfig literal => literal.Value,
        HeaderHostConfig header => headers.GetHeader(header.Name) is [{ Length: > 0 } host, ..] ? host : null,
        PathRegexHostConfig regex => regex.Rewrite.Apply(RequestPath.WithoutQuery(pathAndQuery).ToString()),
        _ => null,
    };

    /// <summary>Makes the request that is sent of the one that was made: its headers first, then its host, then its path.</summary>
    public static void Apply<TCluster>(ForwardRoute<TCluster> route, ClusterChoice<TCluster> choice, IHeaderMap headers, HeaderFormatContext context)
        where TCluster : class
    {
        choice.Headers.ApplyToRequest(headers, context);
        if (Host(choice.HostRewrite, headers, context.OriginalPath) is { } host)
        {
            if (route.Action.AppendForwardedHost)
            {
                headers.Add("x-forwarded-host", headers.GetHeader(":authority").ToString());
            }

            headers.Set(":authority", host);
        }

        if (route.Action.PathRewrite is { } rewrite)
        {
            headers.Set(":path", Path(rewrite, route.Config.Match.Path, context.OriginalPath));
        }
    }
}
