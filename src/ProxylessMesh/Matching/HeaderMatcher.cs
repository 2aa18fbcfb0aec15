using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace ProxylessMesh.Matching;

/// <summary>
/// Matches one header (<c>envoy.config.route.v3.HeaderMatcher</c>, gRFC A28). Immutable. Of several values of one name each
/// is tried, and the values joined by a comma; one hit is enough.
/// </summary>
internal sealed record HeaderMatcher
{
    private readonly StringMatcher? _string;
    private readonly (long Start, long End)? _range;
    private readonly bool _present = true;

    private HeaderMatcher(string name) => Name = name.ToLowerInvariant();

    private HeaderMatcher(string name, StringMatcher matcher)
        : this(name) => _string = matcher;

    private HeaderMatcher(string name, long start, long end)
        : this(name) => _range = (start, end);

    private HeaderMatcher(string name, bool present)
        : this(name) => _present = present;

    /// <summary>The header's name in lower case.</summary>
    public string Name { get; }

    /// <summary><c>invert_match</c>: negates the result for a header that is there. One that is absent still does not match.</summary>
    public bool Invert { get; init; }

    /// <summary><c>treat_missing_header_as_empty</c>: an absent header counts as an empty one.</summary>
    public bool TreatMissingAsEmpty { get; init; }

    /// <summary><c>string_match</c>, and the deprecated <c>exact_match</c> family.</summary>
    public static HeaderMatcher String(string name, StringMatcher matcher) => new(name, matcher);

    /// <summary><c>range_match</c>: a base-10 integer in [<paramref name="start"/>, <paramref name="end"/>).</summary>
    public static HeaderMatcher Range(string name, long start, long end) => new(name, start, end);

    /// <summary><c>present_match</c>.</summary>
    public static HeaderMatcher Present(string name, bool present = true) => new(name, present);

    /// <param name="values">The header's values; none when it is absent.</param>
    public bool IsMatch(StringValues values)
    {
        if (_string is null && _range is null)
        {
            // A value that is null is an empty one of gRPC's, which counts as absent here and nowhere else.
            return (values is [not null, ..] == _present) != Invert;
        }

        if (values.Count == 0)
        {
            // "an absent header never matches", inverted or not - gRFC A28
            return TreatMissingAsEmpty && IsValueMatch("") != Invert;
        }

        return IsAnyMatch(values) != Invert;
    }

    /// <summary>For a person. A value that may be a secret is left out.</summary>
    public override string ToString()
    {
        var condition = this switch
        {
            { _string: { } text } => SecretNames.Contains(Name) ? $"{text.Kind.ToString().ToLowerInvariant()} ***" : text.ToString(),
            { _range: (long start, long end) } => string.Create(CultureInfo.InvariantCulture, $"in [{start}, {end})"),
            _ => _present ? "present" : "absent",
        };
        return $"header '{Name}' {(Invert ? "not " : "")}{condition}";
    }

    private bool IsAnyMatch(StringValues values)
    {
        foreach (var value in values)
        {
            if (IsValueMatch(value))
            {
                return true;
            }
        }

        return values.Count > 1 && IsValueMatch(values.ToString());
    }

    private bool IsValueMatch(ReadOnlySpan<char> value)
    {
        // White space round a value is no part of it (RFC 9110, 5.5): the wire drops it, a caller's headers may still have it.
        value = value.Trim(" \t");
        if (_string is not null)
        {
            return _string.IsMatch(value);
        }

        return long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && _range is (long start, long end) && number >= start && number < end;
    }
}
