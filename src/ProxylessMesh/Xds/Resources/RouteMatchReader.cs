using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Path.Match.UriTemplate.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using QueryParameterMatcher = ProxylessMesh.Matching.QueryParameterMatcher;

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
        var config = new RouteMatchConfig(path ?? PathMatcher.Exact(""), HeaderMatcherReader.ReadAll(match.Headers, context))
        {
            QueryParameters = ReadQueryParameters(match.QueryParameters, context),
            IsGrpc = match.Grpc is not null,
            Fraction = ReadFraction(match.RuntimeFraction, context),
            IsImpossible = NeedsMetadata(match),
        };
        CheckUnsupported(match, context);
        return path is null ? null : config;
    }

    /// <summary>Reads the conditions of a field named <c>query_parameters</c>.</summary>
    public static ImmutableArray<QueryParameterMatcher> ReadQueryParameters(RepeatedField<Envoy.Config.Route.V3.QueryParameterMatcher> query, DecodeContext context)
    {
        var parameters = ImmutableArray.CreateBuilder<QueryParameterMatcher>(query.Count);
        for (var i = 0; i < query.Count; i++)
        {
            using var scope = context.Enter("query_parameters", i);
            var parameter = query[i];
            if (parameter.Name.Length == 0)
            {
                context.Error("name", "must not be empty");
            }

            if (parameter.StringMatch is null)
            {
                var isPresent = !parameter.HasPresentMatch || parameter.PresentMatch;
                parameters.Add(new QueryParameterMatcher(parameter.Name, Value: null, isPresent));
                continue;
            }

            using var matchScope = context.Enter("string_match");
            if (StringMatcherReader.Read(parameter.StringMatch, context) is { } value)
            {
                parameters.Add(new QueryParameterMatcher(parameter.Name, value));
            }
        }

        return parameters.ToImmutable();
    }

    /// <summary>A client has no runtime to look the key up in: the default counts (gRFC A28).</summary>
    public static FractionConfig? ReadFraction(RuntimeFractionalPercent? fraction, DecodeContext context)
    {
        if (fraction is null)
        {
            return null;
        }

        if (fraction.DefaultValue is null)
        {
            context.Error("runtime_fraction.default_value", "must be set");
            return null;
        }

        return FractionReader.Read(fraction.DefaultValue, "runtime_fraction.default_value", context);
    }

    /// <summary>
    /// A client's requests have no metadata and no filter state. A condition on what is absent is not met, and met where it
    /// is inverted.
    /// </summary>
    private static bool NeedsMetadata(RouteMatch match)
    {
        var isNeeded = match.FilterState.Count > 0;
        foreach (var metadata in match.DynamicMetadata)
        {
            isNeeded |= !metadata.Invert;
        }

        return isNeeded;
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
                using (context.Enter("path_match_policy"))
                {
                    return ReadTemplate(match.PathMatchPolicy, context);
                }

            default:
                context.Error("path_specifier", "must be one of 'prefix', 'path', 'path_separated_prefix', 'safe_regex' and 'path_match_policy' (gRFC A28)");
                return null;
        }
    }

    private static PathMatcher? ReadTemplate(TypedExtensionConfig policy, DecodeContext context)
    {
        if (policy.TypedConfig?.TypeUrl != ExtensionTypes.UriTemplateMatch)
        {
            context.Error("typed_config", $"the path matcher type '{policy.TypedConfig?.TypeUrl}' is not supported: give a UriTemplateMatchConfig");
            return null;
        }

        if (!ResourceReader.TryUnpack(policy.TypedConfig, UriTemplateMatchConfig.Parser, context, out var config))
        {
            return null;
        }

        if (!UriTemplate.TryParse(config.PathTemplate, out var template, out var error))
        {
            context.Error("typed_config.path_template", $"'{config.PathTemplate}': {error}");
            return null;
        }

        return PathMatcher.Uri(template);
    }

    private static void CheckUnsupported(RouteMatch match, DecodeContext context)
    {
        Check(match.Cookies.Count > 0, "cookies", context);
        Check(match.TlsContext is not null, "tls_context", context);
    }

    private static void Check(bool isPresent, string field, DecodeContext context)
    {
        if (isPresent)
        {
            context.Error(field, "is a condition this version does not know: without it the route would match too much");
        }
    }
}
