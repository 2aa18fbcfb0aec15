using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;
using SafeRegex = ProxylessMesh.Matching.SafeRegex;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads one <c>match[]</c> entry of a VirtualService.</summary>
internal static class HttpMatchReader
{
    /// <summary>Istio's spelling of "the header is there", which is no regular expression.</summary>
    private const string AnyRegex = "*";

    public static HttpMatch Read(FieldReader match)
    {
        var result = new HttpMatch
        {
            Name = match.String("name") ?? "",
            Uri = ReadUri(match),
            IgnoreUriCase = match.Boolean("ignoreUriCase"),
            Method = ReadString(match, "method"),
            Authority = ReadString(match, "authority"),
            Scheme = ReadString(match, "scheme"),
            Headers = ReadHeaders(match, "headers"),
            WithoutHeaders = ReadHeaders(match, "withoutHeaders"),
            QueryParams = ReadQueryParams(match),
            Port = match.Port("port"),
            SourceLabels = match.StringMap("sourceLabels"),
            SourceNamespace = match.String("sourceNamespace") ?? "",
            Gateways = GatewayReader.Read(match),
        };

        // Names statistics of a proxy.
        match.Accept("statPrefix");
        match.Finish();
        return result;
    }

    /// <summary>A condition that has to compare something.</summary>
    /// <returns><see langword="null"/> when it was reported.</returns>
    public static StringMatch? ReadRequired(FieldReader fields)
    {
        var condition = ReadCondition(fields);
        if (condition is { Match: null, IsReported: false })
        {
            fields.Error(fields.Self, "must hold one of exact, prefix, regex");
        }

        return condition.Match;
    }

    private static StringMatch? ReadUri(FieldReader match)
    {
        var uri = ReadString(match, "uri");
        if (uri is { Kind: not StringMatchKind.Regex } && !uri.Value.StartsWith('/'))
        {
            match.Error("uri", $"'{uri.Value}' matches no request; a path starts with '/'");
        }

        return uri;
    }

    private static StringMatch? ReadString(FieldReader owner, string key)
    {
        var condition = owner.Object(key, Read);
        if (condition is { Match: null, IsReported: false })
        {
            owner.Error(key, "must hold one of exact, prefix, regex");
        }

        return condition?.Match;

        static Condition Read(FieldReader fields) => ReadCondition(fields);
    }

    private static ImmutableSortedDictionary<string, StringMatch?> ReadHeaders(FieldReader match, string key)
    {
        var headers = ImmutableSortedDictionary.CreateBuilder<string, StringMatch?>(StringComparer.Ordinal);
        match.Object(key, fields =>
        {
            foreach (var name in fields.Entries.Select(entry => entry.Key).Distinct(StringComparer.Ordinal))
            {
                if (name.StartsWith('@'))
                {
                    fields.Error(name, "claim-based routing is not supported in this version; remove it");
                    continue;
                }

                CheckHeaderName(fields, name);
                headers[name.ToLowerInvariant()] = fields.Object(name, ReadCondition)?.Match;
            }

            return fields;
        });
        return headers.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, StringMatch?> ReadQueryParams(FieldReader match)
    {
        var parameters = ImmutableSortedDictionary.CreateBuilder<string, StringMatch?>(StringComparer.Ordinal);
        match.Object("queryParams", fields =>
        {
            foreach (var name in fields.Entries.Select(entry => entry.Key).Distinct(StringComparer.Ordinal))
            {
                if (name.Length == 0)
                {
                    fields.Error(name, "a query parameter needs a name");
                    continue;
                }

                parameters[name] = fields.Object(name, ReadCondition)?.Match;
            }

            return fields;
        });
        return parameters.ToImmutable();
    }

    public static void CheckHeaderName(FieldReader fields, string name)
    {
        if (name is "uri" or "scheme" or "method" or "authority" || name.StartsWith(':'))
        {
            fields.Error(name, $"'{name}' is not a header; use the match's own field of that name");
        }
        else if (!HeaderOperationsReader.IsHeaderName(name))
        {
            fields.Error(name, $"'{name}' is not a header name");
        }
    }

    private static Condition ReadCondition(FieldReader fields)
    {
        var exact = fields.String("exact");
        var prefix = fields.String("prefix");
        var regex = fields.String("regex");
        fields.Finish();

        var given = (exact is null ? 0 : 1) + (prefix is null ? 0 : 1) + (regex is null ? 0 : 1);
        if (given > 1)
        {
            fields.Error(fields.Self, "must hold only one of exact, prefix, regex");
            return Condition.Reported;
        }

        if (exact is not null)
        {
            return new Condition(new StringMatch(StringMatchKind.Exact, exact));
        }

        if (prefix is not null)
        {
            return new Condition(new StringMatch(StringMatchKind.Prefix, prefix));
        }

        if (regex is null or AnyRegex)
        {
            return fields.Entries.IsEmpty || regex is not null ? Condition.Present : Condition.Reported;
        }

        if (SafeRegex.TryParse(regex, out _, out var error))
        {
            return new Condition(new StringMatch(StringMatchKind.Regex, regex));
        }

        fields.Error("regex", $"'{regex}' is not a regular expression without back-references and look-around (RE2): {error}");
        return Condition.Reported;
    }

    /// <summary>A condition, nothing but presence, or one that was reported as wrong.</summary>
    private sealed record Condition(StringMatch? Match, bool IsReported = false)
    {
        public static readonly Condition Present = new((StringMatch?)null);

        public static readonly Condition Reported = new(null, IsReported: true);
    }
}
