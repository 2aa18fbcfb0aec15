using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;
using SafeRegex = ProxylessMesh.Matching.SafeRegex;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads one <c>matches[]</c> entry of a Gateway API route.</summary>
internal static class GatewayMatchReader
{
    private const string Exact = "Exact";
    private const string Regex = "RegularExpression";
    private const string PathPrefix = "PathPrefix";

    /// <summary>What a rule without matches takes.</summary>
    public static readonly HttpMatch Everything = new() { Uri = new StringMatch(StringMatchKind.PathPrefix, "/") };

    public static HttpMatch ReadHttp(FieldReader match)
    {
        var result = Everything with
        {
            Uri = match.Object("path", ReadPath) ?? Everything.Uri,
            Method = match.String("method") is { } method ? new StringMatch(StringMatchKind.Exact, method) : null,
            Headers = ReadNamed(match, "headers", isHeader: true),
            QueryParams = ReadNamed(match, "queryParams", isHeader: false),
        };
        match.Finish();
        return result;
    }

    public static HttpMatch ReadGrpc(FieldReader match)
    {
        var result = Everything with
        {
            Uri = match.Object("method", ReadMethod) ?? Everything.Uri,
            Headers = ReadNamed(match, "headers", isHeader: true),
        };
        match.Finish();
        return result;
    }

    private static StringMatch? ReadPath(FieldReader path)
    {
        var type = path.String("type") ?? PathPrefix;
        var value = path.String("value") ?? "/";
        path.Finish();
        if (type is not (Exact or PathPrefix or Regex))
        {
            path.Error("type", $"must be {Exact}, {PathPrefix} or {Regex}, not '{type}'");
            return null;
        }

        if (type == Regex)
        {
            return CheckRegex(path, "value", value) ? new StringMatch(StringMatchKind.Regex, value) : null;
        }

        if (!value.StartsWith('/'))
        {
            path.Error("value", $"'{value}' matches no request; a path starts with '/'");
            return null;
        }

        // A slash at the end of a prefix makes no difference.
        return type == Exact
            ? new StringMatch(StringMatchKind.Exact, value)
            : new StringMatch(StringMatchKind.PathPrefix, value.Length > 1 ? value.TrimEnd('/') : value);
    }

    // gRPC calls are made to /service/method.
    private static StringMatch? ReadMethod(FieldReader method)
    {
        var type = method.String("type") ?? Exact;
        var service = method.String("service") ?? "";
        var name = method.String("method") ?? "";
        method.Finish();
        if (type is not (Exact or Regex))
        {
            method.Error("type", $"must be {Exact} or {Regex}, not '{type}'");
            return null;
        }

        if (service.Length == 0 && name.Length == 0)
        {
            method.Error(method.Self, "must give service, method or both");
            return null;
        }

        if (type == Regex)
        {
            return CheckRegex(method, "service", service) && CheckRegex(method, "method", name)
                ? new StringMatch(StringMatchKind.Regex, $"/{(service.Length > 0 ? service : "[^/]+")}/{(name.Length > 0 ? name : "[^/]+")}")
                : null;
        }

        return (service, name) switch
        {
            (_, "") => new StringMatch(StringMatchKind.Prefix, $"/{service}/"),
            ("", _) => new StringMatch(StringMatchKind.Regex, $"/[^/]+/{name}"),
            _ => new StringMatch(StringMatchKind.Exact, $"/{service}/{name}"),
        };
    }

    private static ImmutableSortedDictionary<string, StringMatch?> ReadNamed(FieldReader match, string key, bool isHeader)
    {
        var conditions = ImmutableSortedDictionary.CreateBuilder<string, StringMatch?>(StringComparer.Ordinal);
        match.Objects(key, fields =>
        {
            var type = fields.String("type") ?? Exact;
            var name = fields.RequiredString("name");
            fields.Required("value");
            var value = fields.String("value") ?? "";
            fields.Finish();
            if (type is not (Exact or Regex))
            {
                fields.Error("type", $"must be {Exact} or {Regex}, not '{type}'");
            }

            if (isHeader && name.Length > 0 && !HeaderOperationsReader.IsHeaderName(name))
            {
                fields.Error("name", $"'{name}' is not a header name");
            }

            if (type != Regex || CheckRegex(fields, "value", value))
            {
                // Of several with one name the first counts, as the Gateway API says.
                conditions.TryAdd(isHeader ? name.ToLowerInvariant() : name, new StringMatch(type == Regex ? StringMatchKind.Regex : StringMatchKind.Exact, value));
            }

            return fields;
        });
        return conditions.ToImmutable();
    }

    private static bool CheckRegex(FieldReader owner, string key, string pattern)
    {
        if (SafeRegex.TryParse(pattern, out _, out var error))
        {
            return true;
        }

        owner.Error(key, $"'{pattern}' is not a regular expression without back-references and look-around (RE2): {error}");
        return false;
    }
}
