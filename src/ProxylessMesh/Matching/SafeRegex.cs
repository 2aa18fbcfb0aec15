using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace ProxylessMesh.Matching;

/// <summary>
/// A pattern from the control plane (<c>envoy.type.matcher.v3.RegexMatcher</c>), matched against the whole input in time
/// linear in it. RE2 cannot backtrack; neither can <see cref="RegexOptions.NonBacktracking"/>, so no pattern can stall a request.
/// The pattern is in RE2's syntax. Immutable.
/// </summary>
internal sealed class SafeRegex : IEquatable<SafeRegex>
{
    private readonly Regex _regex;

    private SafeRegex(string pattern, Regex regex)
    {
        Pattern = pattern;
        _regex = regex;
    }

    public string Pattern { get; }

    /// <param name="pattern">A pattern in RE2's syntax.</param>
    /// <param name="regex">The compiled pattern.</param>
    /// <param name="error">What is wrong with the pattern, in words for whoever wrote it.</param>
    public static bool TryParse(string pattern, [NotNullWhen(true)] out SafeRegex? regex, [NotNullWhen(false)] out string? error)
    {
        try
        {
            // \z and not $: the latter also matches before a final line feed.
            var compiled = new Regex($@"\A(?:{Re2Syntax.ToDotNet(pattern)})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            regex = new SafeRegex(pattern, compiled);
            error = null;
            return true;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or NotSupportedException)
        {
            // NotSupportedException: the automaton would be too large. RE2 has a limit likewise.
            regex = null;
            error = exception.Message;
            return false;
        }
    }

    public bool IsMatch(ReadOnlySpan<char> value) => _regex.IsMatch(value);

    /// <summary>Matches the whole of <paramref name="value"/> and keeps what the groups stand for, numbered from 1.</summary>
    public Match Capture(string value) => _regex.Match(value);

    public bool Equals(SafeRegex? other) => other is not null && string.Equals(Pattern, other.Pattern, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as SafeRegex);

    public override int GetHashCode() => Pattern.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Pattern;
}
