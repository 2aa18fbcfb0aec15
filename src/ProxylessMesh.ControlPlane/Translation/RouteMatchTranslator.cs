using Envoy.Config.Route.V3;
using Envoy.Type.Matcher.V3;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Makes the conditions of a route in istiod's order: headers, whether asked for or refused, by their names; then method, authority
/// and scheme; then query parameters by their names.
/// </summary>
internal static class RouteMatchTranslator
{
    public static RouteMatch Translate(HttpMatch match)
    {
        var result = TranslatePath(match);
        var headers = match.Headers.Select(pair => With(pair.Key, pair.Value));
        var without = match.WithoutHeaders.Select(pair => Without(pair.Key, pair.Value));
        result.Headers.AddRange(headers.Concat(without).OrderBy(header => header.Name, StringComparer.Ordinal));
        AddPseudoHeader(result, ":method", match.Method);
        AddPseudoHeader(result, ":authority", match.Authority);
        AddPseudoHeader(result, ":scheme", match.Scheme);
        foreach (var (name, condition) in match.QueryParams)
        {
            result.QueryParameters.Add(condition is null
                ? new QueryParameterMatcher { Name = name, PresentMatch = true }
                : new QueryParameterMatcher { Name = name, StringMatch = Matcher(condition) });
        }

        return result;
    }

    private static RouteMatch TranslatePath(HttpMatch match)
    {
        var result = match.Uri switch
        {
            null => new RouteMatch { Prefix = "/" },
            { Kind: StringMatchKind.Exact } uri => new RouteMatch { Path = uri.Value },
            { Kind: StringMatchKind.Prefix } or { Kind: StringMatchKind.PathPrefix, Value: "/" } => new RouteMatch { Prefix = match.Uri.Value },
            { Kind: StringMatchKind.PathPrefix } uri => new RouteMatch { PathSeparatedPrefix = uri.Value },
            { } uri => new RouteMatch { SafeRegex = new RegexMatcher { Regex = uri.Value } },
        };
        result.CaseSensitive = !match.IgnoreUriCase;
        return result;
    }

    private static void AddPseudoHeader(RouteMatch match, string name, StringMatch? condition)
    {
        if (condition is not null)
        {
            match.Headers.Add(Header(name, condition));
        }
    }

    private static HeaderMatcher With(string name, StringMatch? condition)
        => condition is null ? new HeaderMatcher { Name = name, PresentMatch = true } : Header(name, condition);

    private static HeaderMatcher Header(string name, StringMatch condition) => new() { Name = name, StringMatch = Matcher(condition) };

    public static StringMatcher Matcher(StringMatch condition) => condition.Kind switch
    {
        StringMatchKind.Exact => new StringMatcher { Exact = condition.Value },
        StringMatchKind.Prefix => new StringMatcher { Prefix = condition.Value },
        _ => new StringMatcher { SafeRegex = new RegexMatcher { Regex = condition.Value } },
    };

    // A header that is absent fulfils "without" too, unlike an inverted match by itself.
    private static HeaderMatcher Without(string name, StringMatch? condition)
    {
        if (condition is null)
        {
            return new HeaderMatcher { Name = name, PresentMatch = true, InvertMatch = true };
        }

        var matcher = Header(name, condition);
        matcher.InvertMatch = true;
        matcher.TreatMissingHeaderAsEmpty = true;
        return matcher;
    }
}
