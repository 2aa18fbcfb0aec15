using Envoy.Type.Matcher.V3;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads regular expressions, and rewrites by them.</summary>
internal static class RegexReader
{
    public static SafeRegex? Read(RegexMatcher matcher, DecodeContext context)
    {
        if (matcher.Regex.Length == 0)
        {
            context.Error("regex", "must not be empty");
            return null;
        }

        if (!SafeRegex.TryParse(matcher.Regex, out var regex, out var error))
        {
            context.Error("regex", $"'{matcher.Regex}' is no regular expression of RE2: {error}");
        }

        return regex;
    }

    /// <returns>The rewrite, or <see langword="null"/> when it is wrong; then an error is noted.</returns>
    public static RegexRewrite? ReadRewrite(RegexMatchAndSubstitute message, string field, DecodeContext context)
    {
        using var scope = context.Enter(field);
        if (message.Pattern is null)
        {
            context.Error("pattern", "must be set");
            return null;
        }

        SafeRegex? pattern;
        using (context.Enter("pattern"))
        {
            pattern = Read(message.Pattern, context);
        }

        if (pattern is null)
        {
            return null;
        }

        if (!RegexRewrite.TryParse(pattern, message.Substitution, out var rewrite, out var error))
        {
            context.Error("substitution", error);
        }

        return rewrite;
    }
}
