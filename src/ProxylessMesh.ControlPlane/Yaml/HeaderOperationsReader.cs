using System.Collections.Immutable;
using ProxylessMesh.Configuration;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>headers</c> of a route or a destination.</summary>
internal static class HeaderOperationsReader
{
    private const string Authority = ":authority";

    public static HeaderOperations Read(FieldReader headers)
    {
        var authority = "";
        var request = headers.Object("request", fields => ReadRequest(fields, out authority)) ?? HeaderChanges.None;
        var response = headers.Object("response", ReadResponse) ?? HeaderChanges.None;
        headers.Finish();
        return new HeaderOperations { Request = request, Response = response, Authority = authority };
    }

    /// <summary>Whether the text is a token (RFC 9110, 5.6.2).</summary>
    public static bool IsHeaderName(string name)
        => name.Length > 0 && name.All(character => char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal));

    private static HeaderChanges ReadRequest(FieldReader fields, out string authority)
    {
        var set = ReadValues(fields, "set", isRequest: true, out var setAuthority);
        var add = ReadValues(fields, "add", isRequest: true, out var addAuthority);
        authority = setAuthority.Length > 0 ? setAuthority : addAuthority;
        return Finish(fields, set, add);
    }

    private static HeaderChanges ReadResponse(FieldReader fields)
        => Finish(fields, ReadValues(fields, "set", isRequest: false, out _), ReadValues(fields, "add", isRequest: false, out _));

    private static HeaderChanges Finish(FieldReader fields, ImmutableSortedDictionary<string, string> set, ImmutableSortedDictionary<string, string> add)
    {
        var changes = new HeaderChanges { Set = set, Add = add, Remove = ReadRemovals(fields) };
        fields.Finish();
        return changes;
    }

    private static ImmutableSortedDictionary<string, string> ReadValues(FieldReader owner, string key, bool isRequest, out string authority)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var host = "";
        owner.Object(key, fields =>
        {
            foreach (var written in fields.Entries.Select(entry => entry.Key).Distinct(StringComparer.Ordinal))
            {
                var name = written.ToLowerInvariant();
                var value = fields.String(written);
                if (isRequest && name is "host" or Authority)
                {
                    // Not a header to be changed, but the request's host: Envoy rewrites it.
                    host = value is not null && RequestText.CheckAuthority(fields, written, value) ? value : host;
                }
                else if (CheckName(fields, written) && value is not null && CheckValue(fields, written, value) && !values.TryAdd(name, value))
                {
                    fields.Error(written, "is given twice in different letters; remove one");
                }
            }

            return fields;
        });
        authority = host;
        return values.ToImmutable();
    }

    public static ImmutableArray<string> ReadRemovals(FieldReader fields)
    {
        var names = fields.Strings("remove");
        foreach (var name in names)
        {
            CheckName(fields.Field("remove"), name, fields);
        }

        return [.. names.Select(name => name.ToLowerInvariant())];
    }

    private static bool CheckName(FieldReader fields, string name) => CheckName(fields.Field(name), name, fields);

    public static bool CheckName(SourceField source, string name, FieldReader fields)
    {
        if (name.StartsWith(':') || name.Equals("host", StringComparison.OrdinalIgnoreCase))
        {
            fields.Error(source, $"'{name}' may not be changed here; only a request's host can be, by set or by rewrite.authority");
            return false;
        }

        if (!IsHeaderName(name))
        {
            fields.Error(source, $"'{name}' is not a header name");
            return false;
        }

        return true;
    }

    public static bool CheckValue(FieldReader fields, string name, string value)
    {
        if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            fields.Error(name, "must not contain line ends or NUL");
            return false;
        }

        if (HeaderFormatParser.TryParse(value, out _, out var error))
        {
            return true;
        }

        fields.Error(name, $"'{value}': {error}");
        return false;
    }
}
