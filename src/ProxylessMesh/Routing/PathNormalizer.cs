using System.Globalization;
using System.Text;

namespace ProxylessMesh.Routing;

/// <summary>
/// Brings the path of a request into its normal form (<c>normalize_path</c>, <c>merge_slashes</c> and
/// <c>path_with_escaped_slashes_action</c> UNESCAPE_AND_FORWARD together). Stateless.
/// <list type="number">
/// <item>Escaped slashes and backslashes become slashes, and escapes of what needs none (RFC 3986's unreserved characters) go.</item>
/// <item>Dot segments are resolved (RFC 3986, 5.2.4).</item>
/// <item>Adjacent slashes become one.</item>
/// </list>
/// The query stays as it is.
/// </summary>
internal static class PathNormalizer
{
    public static string Normalize(string pathAndQuery)
    {
        var query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        var path = Unescape(query < 0 ? pathAndQuery : pathAndQuery[..query]);
        var normal = MergeSlashes(ResolveDots(path));
        return query < 0 ? normal : string.Concat(normal, pathAndQuery.AsSpan(query));
    }

    private static string Unescape(string path)
    {
        var result = new StringBuilder(path.Length);
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '\\')
            {
                result.Append('/');
            }
            else if (path[i] == '%' && i + 2 < path.Length && byte.TryParse(path.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
                && (char)value is var c && (c is '/' or '\\' or '-' or '.' or '_' or '~' || char.IsAsciiLetterOrDigit(c)))
            {
                result.Append(c == '\\' ? '/' : c);
                i += 2;
            }
            else
            {
                result.Append(path[i]);
            }
        }

        return result.ToString();
    }

    private static string ResolveDots(string path)
    {
        var segments = new List<string>();
        var parts = path.Split('/');
        for (var i = 1; i < parts.Length; i++)
        {
            var isLast = i == parts.Length - 1;
            switch (parts[i])
            {
                case "." when !isLast:
                    break;
                case ".":
                    segments.Add("");
                    break;
                case "..":
                    if (segments.Count > 0)
                    {
                        segments.RemoveAt(segments.Count - 1);
                    }

                    if (isLast)
                    {
                        segments.Add("");
                    }

                    break;
                default:
                    segments.Add(parts[i]);
                    break;
            }
        }

        return "/" + string.Join('/', segments);
    }

    private static string MergeSlashes(string path)
    {
        var result = new StringBuilder(path.Length);
        foreach (var c in path)
        {
            if (c != '/' || result.Length == 0 || result[^1] != '/')
            {
                result.Append(c);
            }
        }

        return result.ToString();
    }
}
