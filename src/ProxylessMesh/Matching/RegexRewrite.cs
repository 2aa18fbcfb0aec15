using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace ProxylessMesh.Matching;

/// <summary>
/// Replaces every match of a pattern (<c>envoy.type.matcher.v3.RegexMatchAndSubstitute</c>), as RE2's GlobalReplace does: in
/// the substitution <c>\0</c> is the match, <c>\1</c> to <c>\9</c> are its groups, <c>\\</c> is a backslash. Immutable.
/// </summary>
internal sealed class RegexRewrite
{
    private readonly Regex _regex;
    private readonly string _substitution;

    private RegexRewrite(Regex regex, string substitution)
    {
        _regex = regex;
        _substitution = substitution;
    }

    /// <param name="pattern">A pattern that <see cref="SafeRegex"/> accepted.</param>
    /// <param name="substitution">What stands in the place of each match.</param>
    /// <param name="rewrite">The rewrite, parsed.</param>
    /// <param name="error">What is wrong with the substitution, in words for whoever wrote it.</param>
    public static bool TryParse(SafeRegex pattern, string substitution, [NotNullWhen(true)] out RegexRewrite? rewrite, [NotNullWhen(false)] out string? error)
    {
        rewrite = null;
        var regex = new Regex(Re2Syntax.ToDotNet(pattern.Pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        var groups = regex.GetGroupNumbers().Length;
        for (var i = 0; i < substitution.Length; i++)
        {
            if (char.IsControl(substitution[i]))
            {
                error = "must not contain control characters";
                return false;
            }

            if (substitution[i] != '\\')
            {
                continue;
            }

            i++;
            if (i == substitution.Length || (substitution[i] != '\\' && !char.IsAsciiDigit(substitution[i])))
            {
                error = @"a '\' must be followed by a digit or another '\'";
                return false;
            }

            if (substitution[i] != '\\' && substitution[i] - '0' >= groups)
            {
                error = $@"'\{substitution[i]}' names no group of '{pattern}'";
                return false;
            }
        }

        error = null;
        rewrite = new RegexRewrite(regex, substitution);
        return true;
    }

    public string Apply(string value)
    {
        var result = new StringBuilder();
        var end = 0;
        for (var match = _regex.Match(value); match.Success; match = match.NextMatch())
        {
            // RE2 takes no empty match right behind another match, .NET does.
            if (match.Length == 0 && match.Index == end && end > 0)
            {
                continue;
            }

            result.Append(value, end, match.Index - end);
            AppendSubstitution(match, result);
            end = match.Index + match.Length;
        }

        return result.Append(value, end, value.Length - end).ToString();
    }

    private void AppendSubstitution(Match match, StringBuilder result)
    {
        for (var i = 0; i < _substitution.Length; i++)
        {
            if (_substitution[i] != '\\')
            {
                result.Append(_substitution[i]);
                continue;
            }

            i++;
            result.Append(_substitution[i] == '\\' ? "\\" : match.Groups[_substitution[i] - '0'].Value);
        }
    }
}
