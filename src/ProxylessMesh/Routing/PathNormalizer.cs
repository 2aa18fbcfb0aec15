using System.Globalization;
using System.Text;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Routing;

/// <summary>
/// Brings the path of a request into its normal form, as far as its listener asks for it. Stateless.
/// <list type="number">
/// <item>Escaped slashes and backslashes become slashes (<c>path_with_escaped_slashes_action</c>).</item>
/// <item>Backslashes become slashes, escapes of what needs none (RFC 3986's unreserved characters) go, and dot segments are resolved (RFC 3986, 5.2.4): <c>normalize_path</c>.</item>
/// <item>Adjacent slashes become one (<c>merge_slashes</c>).</item>
/// </list>
/// The query stays as it is.
/// </summary>
internal static class PathNormalizer
{
    /// <returns>The normal form: the same string where the path is in it already.</returns>
    public static NormalizedPath Normalize(string pathAndQuery, PathNormalizationConfig config)
    {
        if (ReferenceEquals(config, PathNormalizationConfig.None))
        {
            return new NormalizedPath(pathAndQuery, LocalStatus: 0);
        }

        var query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? pathAndQuery.AsSpan() : pathAndQuery.AsSpan(0, query);
        if (IsNormal(path))
        {
            return new NormalizedPath(pathAndQuery, LocalStatus: 0);
        }

        // 1.
        var normal = path.ToString();
        var hasEscapedSlash = config.EscapedSlashes != EscapedSlashes.Keep
            && (normal.Contains("%2F", StringComparison.OrdinalIgnoreCase) || normal.Contains("%5C", StringComparison.OrdinalIgnoreCase));
        if (hasEscapedSlash && config.EscapedSlashes == EscapedSlashes.Reject)
        {
            return new NormalizedPath(pathAndQuery, NormalizedPath.Rejected);
        }

        if (hasEscapedSlash)
        {
            normal = normal.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase).Replace("%5C", "/", StringComparison.OrdinalIgnoreCase);
        }

        // 2.
        normal = config.ResolvesDots ? ResolveDots(Unescape(normal)) : normal;

        // 3.
        normal = config.MergesSlashes ? MergeSlashes(normal) : normal;
        var result = normal.AsSpan().SequenceEqual(path) ? pathAndQuery : string.Concat(normal, pathAndQuery.AsSpan(path.Length));
        return new NormalizedPath(result, hasEscapedSlash && config.EscapedSlashes == EscapedSlashes.UnescapeAndRedirect ? NormalizedPath.Redirected : 0);
    }

    /// <summary>Whether no step could change the path, as is so for nearly every one.</summary>
    private static bool IsNormal(ReadOnlySpan<char> path)
        => !path.ContainsAny('%', '\\') && path.IndexOf("//", StringComparison.Ordinal) < 0 && path.IndexOf("/.", StringComparison.Ordinal) < 0;

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
                && (char)value is var c && (c is '-' or '.' or '_' or '~' || char.IsAsciiLetterOrDigit(c)))
            {
                result.Append(c);
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
