namespace ProxylessMesh.Matching;

/// <summary>Matches the path of a request, its query taken off (<c>RouteMatch.path_specifier</c>). Immutable.</summary>
/// <param name="Matcher">How the path is compared.</param>
internal sealed record PathMatcher(StringMatcher Matcher)
{
    /// <summary>The template of a path given as one; its variables serve a rewrite.</summary>
    public UriTemplate? Template { get; private init; }

    /// <summary><c>prefix</c>; <c>case_sensitive</c> applies.</summary>
    public static PathMatcher Prefix(string prefix, bool caseSensitive = true) => new(StringMatcher.Prefix(prefix, !caseSensitive));

    /// <summary><c>path_separated_prefix</c>; <c>case_sensitive</c> applies.</summary>
    public static PathMatcher SegmentPrefix(string prefix, bool caseSensitive = true) => new(StringMatcher.SegmentPrefix(prefix, !caseSensitive));

    /// <summary><c>path</c>; <c>case_sensitive</c> applies.</summary>
    public static PathMatcher Exact(string path, bool caseSensitive = true) => new(StringMatcher.Exact(path, !caseSensitive));

    /// <summary><c>safe_regex</c>; <c>case_sensitive</c> does not apply (gRFC A28).</summary>
    public static PathMatcher Regex(SafeRegex regex) => new(StringMatcher.Regex(regex));

    /// <summary><c>path_match_policy</c> with a URI template; <c>case_sensitive</c> does not apply.</summary>
    public static PathMatcher Uri(UriTemplate template) => new(StringMatcher.Regex(template.Regex)) { Template = template };

    /// <summary>How much of a path that matches is what matched: what <c>prefix_rewrite</c> replaces.</summary>
    public int MatchedLength(ReadOnlySpan<char> path)
        => Matcher.Kind is StringMatchKind.Prefix or StringMatchKind.SegmentPrefix ? Matcher.Value.Length : path.Length;

    public bool IsMatch(ReadOnlySpan<char> path) => Matcher.IsMatch(path);

    public override string ToString() => $"path {Matcher}";
}
