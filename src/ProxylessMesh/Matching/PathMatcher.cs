namespace ProxylessMesh.Matching;

/// <summary>Matches the path of a request, its query taken off (<c>RouteMatch.path_specifier</c>). Immutable.</summary>
/// <param name="Matcher">How the path is compared.</param>
internal sealed record PathMatcher(StringMatcher Matcher)
{
    /// <summary><c>prefix</c>; <c>case_sensitive</c> applies.</summary>
    public static PathMatcher Prefix(string prefix, bool caseSensitive = true) => new(StringMatcher.Prefix(prefix, !caseSensitive));

    /// <summary><c>path_separated_prefix</c>; <c>case_sensitive</c> applies.</summary>
    public static PathMatcher SegmentPrefix(string prefix, bool caseSensitive = true) => new(StringMatcher.SegmentPrefix(prefix, !caseSensitive));

    /// <summary><c>path</c>; <c>case_sensitive</c> applies.</summary>
    public static PathMatcher Exact(string path, bool caseSensitive = true) => new(StringMatcher.Exact(path, !caseSensitive));

    /// <summary><c>safe_regex</c>; <c>case_sensitive</c> does not apply (gRFC A28).</summary>
    public static PathMatcher Regex(SafeRegex regex) => new(StringMatcher.Regex(regex));

    public bool IsMatch(ReadOnlySpan<char> path) => Matcher.IsMatch(path);

    public override string ToString() => $"path {Matcher}";
}
