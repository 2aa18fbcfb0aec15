using System.Buffers;
using System.Globalization;
using System.Text;

namespace ProxylessMesh.Bootstrap;

/// <summary>A template for the names of listeners (gRFC A47): <c>%s</c> stands for what is called.</summary>
internal static class ListenerNameTemplate
{
    /// <summary>What names that carry an authority begin with; into others <c>%s</c> is put as it is.</summary>
    public const string Scheme = "xdstp:";

    private const string Placeholder = "%s";

    private const string SegmentCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@";

    // "only characters allowed in a URI path as per RFC-3986 section 3.3 (which includes '/')" - gRFC A47
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create(SegmentCharacters + "/");

    // The slash after an authority ends it.
    private static readonly SearchValues<char> AuthorityCharacters = SearchValues.Create(SegmentCharacters);

    /// <summary>The template of an authority that gives none.</summary>
    public static string DefaultOf(string authority) => $"{PrefixOf(authority)}envoy.config.listener.v3.Listener/{Placeholder}";

    /// <summary>What the names of an authority begin with.</summary>
    public static string PrefixOf(string authority) => $"{Scheme}//{Encode(authority, AuthorityCharacters)}/";

    /// <summary>Puts in what is called; into an <c>xdstp</c> name percent-encoded, so that it can neither end its path nor add parameters to it.</summary>
    public static string Expand(string template, string called)
        => template.Replace(Placeholder, template.StartsWith(Scheme, StringComparison.Ordinal) ? Encode(called, PathCharacters) : called, StringComparison.Ordinal);

    private static string Encode(string text, SearchValues<char> allowed)
    {
        if (!text.AsSpan().ContainsAnyExcept(allowed))
        {
            return text;
        }

        var encoded = new StringBuilder(text.Length + 16);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (allowed.Contains((char)octet))
            {
                encoded.Append((char)octet);
            }
            else
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
            }
        }

        return encoded.ToString();
    }
}
