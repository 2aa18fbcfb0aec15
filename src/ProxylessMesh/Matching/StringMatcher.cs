namespace ProxylessMesh.Matching;

/// <summary>How a <see cref="StringMatcher"/> compares.</summary>
internal enum StringMatchKind
{
    Exact,
    Prefix,
    Suffix,
    Contains,

    /// <summary>The value, and after it nothing or a slash.</summary>
    SegmentPrefix,
    Regex,
}

/// <summary>Matches one string (<c>envoy.type.matcher.v3.StringMatcher</c>). Immutable.</summary>
internal sealed record StringMatcher
{
    private readonly StringComparison _comparison;
    private readonly SafeRegex? _regex;

    private StringMatcher(StringMatchKind kind, string value, bool ignoreCase, SafeRegex? regex = null)
    {
        Kind = kind;
        Value = value;
        _comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        _regex = regex;
    }

    public StringMatchKind Kind { get; }

    /// <summary>What is compared with; the pattern of a regular expression.</summary>
    public string Value { get; }

    public bool IgnoreCase => _comparison == StringComparison.OrdinalIgnoreCase;

    public static StringMatcher Exact(string value, bool ignoreCase = false) => new(StringMatchKind.Exact, value, ignoreCase);

    public static StringMatcher Prefix(string value, bool ignoreCase = false) => new(StringMatchKind.Prefix, value, ignoreCase);

    public static StringMatcher Suffix(string value, bool ignoreCase = false) => new(StringMatchKind.Suffix, value, ignoreCase);

    public static StringMatcher Contains(string value, bool ignoreCase = false) => new(StringMatchKind.Contains, value, ignoreCase);

    /// <summary>For paths (<c>RouteMatch.path_separated_prefix</c>): <c>/a</c> matches <c>/a</c> and <c>/a/b</c>, not <c>/ab</c>.</summary>
    public static StringMatcher SegmentPrefix(string value, bool ignoreCase = false) => new(StringMatchKind.SegmentPrefix, value, ignoreCase);

    /// <remarks><c>ignore_case</c> has no effect on a regular expression ("Envoy: StringMatcher.ignore_case").</remarks>
    public static StringMatcher Regex(SafeRegex regex) => new(StringMatchKind.Regex, regex.Pattern, ignoreCase: false, regex);

    public bool IsMatch(ReadOnlySpan<char> value) => Kind switch
    {
        StringMatchKind.Exact => value.Equals(Value, _comparison),
        StringMatchKind.Prefix => value.StartsWith(Value, _comparison),
        StringMatchKind.Suffix => value.EndsWith(Value, _comparison),
        StringMatchKind.Contains => value.Contains(Value, _comparison),
        StringMatchKind.SegmentPrefix => value.StartsWith(Value, _comparison) && (value.Length == Value.Length || value[Value.Length] == '/'),
        _ => _regex!.IsMatch(value), // set by the only factory of this kind
    };

    public override string ToString()
        => $"{Kind.ToString().ToLowerInvariant()} '{Value}'{(IgnoreCase ? " (ignoring case)" : "")}";
}
