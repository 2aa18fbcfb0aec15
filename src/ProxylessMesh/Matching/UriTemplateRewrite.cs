using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ProxylessMesh.Matching;

/// <summary>A path made of what the variables of a <see cref="UriTemplate"/> matched (<c>UriTemplateRewriteConfig</c>). Immutable.</summary>
internal sealed class UriTemplateRewrite
{
    private static readonly SearchValues<char> NotInPath = SearchValues.Create(" \t\r\n}*?#");

    private readonly UriTemplate _template;
    private readonly ImmutableArray<Part> _parts;

    private UriTemplateRewrite(UriTemplate template, ImmutableArray<Part> parts)
    {
        _template = template;
        _parts = parts;
    }

    /// <param name="text">The new path; <c>{name}</c> stands for a variable of <paramref name="template"/>.</param>
    /// <param name="template">The template that the route matches by.</param>
    /// <param name="rewrite">The rewrite, parsed.</param>
    /// <param name="error">What is wrong with it, in words for whoever wrote it.</param>
    public static bool TryParse(string text, UriTemplate template, [NotNullWhen(true)] out UriTemplateRewrite? rewrite, [NotNullWhen(false)] out string? error)
    {
        rewrite = null;
        var parts = ImmutableArray.CreateBuilder<Part>();
        if (!text.StartsWith('/'))
        {
            error = "must begin with '/'";
            return false;
        }

        for (var i = 0; i < text.Length;)
        {
            var open = text.IndexOf('{', i);
            var literal = open < 0 ? text[i..] : text[i..open];
            if (literal.AsSpan().ContainsAny(NotInPath))
            {
                error = $"'{literal}' must be a path; '{{' and '}}' stand round the name of a variable";
                return false;
            }

            parts.Add(new Part(literal, Group: 0));
            if (open < 0)
            {
                break;
            }

            var close = text.IndexOf('}', open);
            var name = close < 0 ? text[(open + 1)..] : text[(open + 1)..close];
            var index = template.Variables.IndexOf(name);
            if (close < 0 || index < 0)
            {
                error = $"'{name}' is no variable of '{template}'";
                return false;
            }

            parts.Add(new Part("", index + 1));
            i = close + 1;
        }

        error = null;
        rewrite = new UriTemplateRewrite(template, parts.ToImmutable());
        return true;
    }

    /// <param name="path">A path, without its query, that the template matches.</param>
    public string Apply(string path)
    {
        var match = _template.Regex.Capture(path);
        var result = new StringBuilder();
        foreach (var part in _parts)
        {
            result.Append(part.Group == 0 ? part.Literal : match.Groups[part.Group].Value);
        }

        return result.ToString();
    }

    private readonly record struct Part(string Literal, int Group);
}
