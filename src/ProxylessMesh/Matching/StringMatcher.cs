namespace ProxylessMesh.Matching;

/// <summary>Matches one string (<c>envoy.type.matcher.v3.StringMatcher</c>). Immutable.</summary>
internal sealed record StringMatcher
{
    private readonly Kind _kind;
    private readonly string _value;
    private readonly StringComparison _comparison;
    private readonly SafeRegex? _regex;

    private StringMatcher(Kind kind, string value, bool ignoreCase, SafeRegex? regex = null)
    {
        _kind = kind;
        _value = value;
        _comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        _regex = regex;
    }

    private enum Kind
    {
        Exact,
        Prefix,
        Suffix,
        Contains,
        Regex,
    }

    public static StringMatcher Exact(string value, bool ignoreCase = false) => new(Kind.Exact, value, ignoreCase);

    public static StringMatcher Prefix(string value, bool ignoreCase = false) => new(Kind.Prefix, value, ignoreCase);

    public static StringMatcher Suffix(string value, bool ignoreCase = false) => new(Kind.Suffix, value, ignoreCase);

    public static StringMatcher Contains(string value, bool ignoreCase = false) => new(Kind.Contains, value, ignoreCase);

    /// <remarks><c>ignore_case</c> has no effect on a regular expression ("Envoy: StringMatcher.ignore_case").</remarks>
    public static StringMatcher Regex(SafeRegex regex) => new(Kind.Regex, regex.Pattern, ignoreCase: false, regex);

    public bool IsMatch(ReadOnlySpan<char> value) => _kind switch
    {
        Kind.Exact => value.Equals(_value, _comparison),
        Kind.Prefix => value.StartsWith(_value, _comparison),
        Kind.Suffix => value.EndsWith(_value, _comparison),
        Kind.Contains => value.Contains(_value, _comparison),
        _ => _regex!.IsMatch(value), // set by the only factory of this kind
    };

    public override string ToString()
        => $"{_kind.ToString().ToLowerInvariant()} '{_value}'{(_comparison == StringComparison.OrdinalIgnoreCase ? " (ignoring case)" : "")}";
}
