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

    // "only characters allowed in a URI path as per RFC-3986 section 3.3 (which includes '/')" - gRFC A47
    private static readonly SearchValues<char> PathCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/");

    /// <summary>The template of an authority that gives none.</summary>
    public static string DefaultOf(string authority) => $"{PrefixOf(authority)}envoy.config.listener.v3.Listener/{Placeholder}";

    /// <summary>What the names of an authority begin with.</summary>
    public static string PrefixOf(string authority) => $"{Scheme}//{EncodePath(authority)}/";

    /// <summary>Puts in what is called; into an <c>xdstp</c> name percent-encoded, so that it can neither end its path nor add parameters to it.</summary>
    public static string Expand(string template, string called)
        => template.Replace(Placeholder, template.StartsWith(Scheme, StringComparison.Ordinal) ? EncodePath(called) : called, StringComparison.Ordinal);

    private static string EncodePath(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(PathCharacters))
        {
            return text;
        }

        var encoded = new StringBuilder(text.Length + 16);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (PathCharacters.Contains((char)octet))
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
