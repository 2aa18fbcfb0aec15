using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace ProxylessMesh.Matching;

/// <summary>
/// A path with placeholders (<c>UriTemplateMatchConfig.path_template</c>): <c>*</c> is a part of a segment, <c>**</c> any
/// number of segments and none, <c>{name}</c> a segment that a rewrite may use, <c>{name=pattern}</c> what the pattern
/// matches. It becomes a regular expression once, when it is parsed. Immutable.
/// </summary>
internal sealed partial class UriTemplate : IEquatable<UriTemplate>
{
    private const int MaxVariables = 5;
    private const int MaxNameLength = 16;

    // What a segment may consist of: RFC 3986's pchar, '%' standing for an escape.
    private const string Segment = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=*]+";
    private const string Segments = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=*/]*";

    private UriTemplate(string text, SafeRegex regex, ImmutableArray<string> variables)
    {
        Text = text;
        Regex = regex;
        Variables = variables;
    }

    public string Text { get; }

    /// <summary>The template as a regular expression; its n-th group is the n-th variable.</summary>
    public SafeRegex Regex { get; }

    public ImmutableArray<string> Variables { get; }

    /// <param name="text">The template.</param>
    /// <param name="template">The template, parsed.</param>
    /// <param name="error">What is wrong with it, in words for whoever wrote it.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out UriTemplate? template, [NotNullWhen(false)] out string? error)
    {
        template = null;
        if (!text.StartsWith('/'))
        {
            error = "must begin with '/'";
            return false;
        }

        var pattern = new StringBuilder();
        var variables = ImmutableArray.CreateBuilder<string>();
        error = Translate(text, pattern, variables);
        if (error is null && SafeRegex.TryParse(pattern.ToString(), out var regex, out error))
        {
            template = new UriTemplate(text, regex, variables.ToImmutable());
        }

        return template is not null;
    }

    public bool Equals(UriTemplate? other) => other is not null && string.Equals(Text, other.Text, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as UriTemplate);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    private static string? Translate(string text, StringBuilder pattern, ImmutableArray<string>.Builder variables)
    {
        var hasSegments = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '{')
            {
                var end = text.IndexOf('{', i);
                end = end < 0 ? text.Length : end;
                if (AppendPattern(text[i..end], pattern, ref hasSegments) is { } partError)
                {
                    return partError;
                }

                i = end - 1;
                continue;
            }

            var close = text.IndexOf('}', i);
            if (close < 0)
            {
                return "'{' is not closed";
            }

            var content = text[(i + 1)..close];
            var equals = content.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? content : content[..equals];
            if (!VariableName().IsMatch(name) || name.Length > MaxNameLength || variables.Contains(name))
            {
                return $"'{name}' must be a variable's name, given once: a letter, then letters, digits and '_', {MaxNameLength} characters at most";
            }

            variables.Add(name);
            if (variables.Count > MaxVariables)
            {
                return $"may have {MaxVariables} variables at most";
            }

            pattern.Append('(');
            if (AppendPattern(equals < 0 ? "*" : content[(equals + 1)..], pattern, ref hasSegments) is { } error)
            {
                return error;
            }

            pattern.Append(')');
            i = close;
        }

        return null;
    }

    private static string? AppendPattern(string text, StringBuilder pattern, ref bool hasSegments)
    {
        if (text.Length == 0)
        {
            return "the pattern of a variable must not be empty";
        }

        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '*')
            {
                if (hasSegments)
                {
                    return "'**' must be the last placeholder";
                }

                hasSegments = i + 1 < text.Length && text[i + 1] == '*';
                pattern.Append(hasSegments ? Segments : Segment);
                i += hasSegments ? 1 : 0;
            }
            else if (c == '/' && i > 0 && text[i - 1] == '/')
            {
                return "must not have an empty segment ('//')";
            }
            else if (c == '/' || char.IsAsciiLetterOrDigit(c) || "-._~%!$&'()+,;:@=".Contains(c, StringComparison.Ordinal))
            {
                pattern.Append(char.IsAsciiLetterOrDigit(c) || c == '/' ? c : $"\\x{(int)c:x2}");
            }
            else
            {
                return $"'{c}' may not stand in a path";
            }
        }

        return null;
    }

    [GeneratedRegex(@"\A[a-zA-Z][a-zA-Z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex VariableName();
}
