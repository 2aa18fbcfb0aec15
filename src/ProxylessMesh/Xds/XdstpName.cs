using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ProxylessMesh.Xds;

/// <summary>
/// A resource name of the form <c>xdstp://authority/type/id?key=value#directives</c> (xRFC TP1, gRFC A47). Two that differ in the
/// order of their parameters, in needless percent-encoding or in directives name the same resource: <see cref="Text"/> is one
/// spelling for all of them.
/// </summary>
/// <param name="Authority">Whose name it is; may be empty.</param>
/// <param name="Type">The resource's type without the prefix of type URLs.</param>
/// <param name="Text">The name in its canonical spelling.</param>
internal sealed record XdstpName(string Authority, string Type, string Text)
{
    private const string Scheme = "xdstp:";
    private const string Start = "xdstp://";

    private static readonly SearchValues<char> Unreserved = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");
    private static readonly SearchValues<char> AuthorityExtra = SearchValues.Create("!$&'()*+,;=:@");
    private static readonly SearchValues<char> PathExtra = SearchValues.Create("!$&'()*+,;=:@/");
    private static readonly SearchValues<char> QueryExtra = SearchValues.Create("!$'()*,;:@/?");

    /// <summary>Whether a name is of this form, be it well-formed or not. Other names are opaque, and of no authority.</summary>
    public static bool IsXdstp(string name) => name.StartsWith(Scheme, StringComparison.Ordinal);

    /// <summary>The canonical spelling of a name; a name of another form, or one that is not well-formed, as it is.</summary>
    public static string Canonicalize(string name) => IsXdstp(name) && TryParse(name, out var parsed, out _) ? parsed.Text : name;

    /// <param name="name">A name of this form.</param>
    /// <param name="parsed">Its parts.</param>
    /// <param name="problem">What is wrong with it, in words.</param>
    public static bool TryParse(string name, [NotNullWhen(true)] out XdstpName? parsed, [NotNullWhen(false)] out string? problem)
    {
        parsed = null;
        problem = $"does not have the form {Start}authority/type/id";
        if (!name.StartsWith(Start, StringComparison.Ordinal))
        {
            return false;
        }

        // 1. Directives say how to process a resource, not which: they do not belong to its name.
        var rest = name.AsSpan(Start.Length);
        rest = CutAt(rest, '#', out _);
        var path = CutAt(rest, '?', out var query);

        // 2. The parts.
        var encodedAuthority = CutAt(path, '/', out var typeAndId);
        var type = CutAt(typeAndId, '/', out var encodedId).ToString();
        if (type.Length == 0 || encodedId.IsEmpty)
        {
            return false;
        }

        if (!TryDecode(encodedAuthority, out var authority) || !TryDecode(encodedId, out var id) || !TryReadParameters(query, out var parameters))
        {
            problem = "has a '%' that does not begin the encoding of a character, or a parameter without a key";
            return false;
        }

        // 3. Put together again, parameters in order of their keys.
        var text = new StringBuilder(Start, name.Length + Start.Length);
        Encode(text, authority, AuthorityExtra);
        text.Append('/').Append(type).Append('/');
        Encode(text, id, PathExtra);
        var separator = '?';
        foreach (var (key, value) in parameters)
        {
            text.Append(separator);
            Encode(text, key, QueryExtra);
            text.Append('=');
            Encode(text, value, QueryExtra);
            separator = '&';
        }

        parsed = new XdstpName(authority, type, text.ToString());
        problem = null;
        return true;
    }

    private static ReadOnlySpan<char> CutAt(ReadOnlySpan<char> text, char separator, out ReadOnlySpan<char> after)
    {
        var index = text.IndexOf(separator);
        after = index < 0 ? [] : text[(index + 1)..];
        return index < 0 ? text : text[..index];
    }

    private static bool TryReadParameters(ReadOnlySpan<char> query, out SortedDictionary<string, string> parameters)
    {
        parameters = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (!query.IsEmpty)
        {
            var pair = CutAt(query, '&', out query);
            var encodedKey = CutAt(pair, '=', out var encodedValue);
            if (!TryDecode(encodedKey, out var key) || key.Length == 0 || !TryDecode(encodedValue, out var value))
            {
                return false;
            }

            parameters[key] = value; // of several the last - gRFC A47
        }

        return true;
    }

    private static bool TryDecode(ReadOnlySpan<char> encoded, out string text)
    {
        text = encoded.ToString();
        for (var i = text.IndexOf('%', StringComparison.Ordinal); i >= 0; i = text.IndexOf('%', i + 1))
        {
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
            {
                return false;
            }
        }

        text = Uri.UnescapeDataString(text);
        return true;
    }

    private static void Encode(StringBuilder text, string part, SearchValues<char> extra)
    {
        foreach (var octet in Encoding.UTF8.GetBytes(part))
        {
            var character = (char)octet;
            if (octet < 0x80 && (Unreserved.Contains(character) || extra.Contains(character)))
            {
                text.Append(character);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
            }
        }
    }
}
