using Envoy.Type.Matcher.V3;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads a regular expression.</summary>
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
}
