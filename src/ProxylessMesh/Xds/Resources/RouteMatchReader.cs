using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using HeaderMatcher = ProxylessMesh.Matching.HeaderMatcher;

namespace ProxylessMesh.Xds.Resources;

/// <summary>
/// Reads the conditions of a route. A condition that is not supported rejects the routes: without it the route would match
/// too much, without the route requests would go elsewhere.
/// </summary>
internal static class RouteMatchReader
{
    public static RouteMatchConfig? Read(RouteMatch match, DecodeContext context)
    {
        var path = ReadPath(match, context);
        var headers = ImmutableArray.CreateBuilder<HeaderMatcher>(match.Headers.Count);
        for (var i = 0; i < match.Headers.Count; i++)
        {
            using var scope = context.Enter("headers", i);
            if (HeaderMatcherReader.Read(match.Headers[i], context) is { } header)
            {
                headers.Add(header);
            }
        }

        CheckUnsupported(match, context);
        return path is null ? null : new RouteMatchConfig(path, headers.ToImmutable());
    }

    private static PathMatcher? ReadPath(RouteMatch match, DecodeContext context)
    {
        var caseSensitive = match.CaseSensitive ?? true;
        switch (match.PathSpecifierCase)
        {
            case RouteMatch.PathSpecifierOneofCase.Prefix:
                return PathMatcher.Prefix(match.Prefix, caseSensitive);

            case RouteMatch.PathSpecifierOneofCase.Path:
                return PathMatcher.Exact(match.Path, caseSensitive);

            case RouteMatch.PathSpecifierOneofCase.PathSeparatedPrefix:
                var prefix = match.PathSeparatedPrefix;
                if (prefix.Length < 2 || prefix[^1] == '/' || prefix.AsSpan().ContainsAny('?', '#'))
                {
                    context.Error("path_separated_prefix", $"'{prefix}' must be a path of at least two characters without '?', '#' and a slash at its end");
                    return null;
                }

                return PathMatcher.SegmentPrefix(prefix, caseSensitive);

            case RouteMatch.PathSpecifierOneofCase.SafeRegex:
                using (context.Enter("safe_regex"))
                {
                    return RegexReader.Read(match.SafeRegex, context) is { } regex ? PathMatcher.Regex(regex) : null;
                }

            case RouteMatch.PathSpecifierOneofCase.ConnectMatcher:
                context.Error("connect_matcher", "is not supported: give 'prefix', 'path', 'path_separated_prefix' or 'safe_regex'");
                return null;

            case RouteMatch.PathSpecifierOneofCase.PathMatchPolicy:
                context.Error("path_match_policy", "is not supported in this version: give 'prefix', 'path', 'path_separated_prefix' or 'safe_regex'");
                return null;

            default:
                context.Error("path_specifier", "must be one of 'prefix', 'path', 'path_separated_prefix' and 'safe_regex' (gRFC A28)");
                return null;
        }
    }

    private static void CheckUnsupported(RouteMatch match, DecodeContext context)
    {
        Check(match.QueryParameters.Count > 0, "query_parameters", context);
        Check(match.Cookies.Count > 0, "cookies", context);
        Check(match.RuntimeFraction is not null, "runtime_fraction", context);
        Check(match.Grpc is not null, "grpc", context);
        Check(match.TlsContext is not null, "tls_context", context);
        Check(match.DynamicMetadata.Count > 0, "dynamic_metadata", context);
        Check(match.FilterState.Count > 0, "filter_state", context);
    }

    private static void Check(bool isPresent, string field, DecodeContext context)
    {
        if (isPresent)
        {
            context.Error(field, "is a condition this version does not know: without it the route would match too much");
        }
    }
}
