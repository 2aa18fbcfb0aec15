using ProxylessMesh.Matching;
using Message = Envoy.Type.Matcher.V3.StringMatcher;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads a condition on a string.</summary>
internal static class StringMatcherReader
{
    public static StringMatcher? Read(Message message, DecodeContext context)
    {
        switch (message.MatchPatternCase)
        {
            case Message.MatchPatternOneofCase.Exact:
                return StringMatcher.Exact(message.Exact, message.IgnoreCase);

            case Message.MatchPatternOneofCase.Prefix:
                return Part(message.Prefix, "prefix", context, StringMatcher.Prefix, message.IgnoreCase);

            case Message.MatchPatternOneofCase.Suffix:
                return Part(message.Suffix, "suffix", context, StringMatcher.Suffix, message.IgnoreCase);

            case Message.MatchPatternOneofCase.Contains:
                return Part(message.Contains, "contains", context, StringMatcher.Contains, message.IgnoreCase);

            case Message.MatchPatternOneofCase.SafeRegex:
                using (context.Enter("safe_regex"))
                {
                    return RegexReader.Read(message.SafeRegex, context) is { } regex ? StringMatcher.Regex(regex) : null;
                }

            default:
                context.Error("match_pattern", "must be one of 'exact', 'prefix', 'suffix', 'contains' and 'safe_regex'");
                return null;
        }
    }

    /// <summary>A condition on a part of the string: an empty part would match everything, which nobody means (gRFC A63).</summary>
    public static StringMatcher? Part(string value, string field, DecodeContext context, Func<string, bool, StringMatcher> create, bool ignoreCase = false)
    {
        if (value.Length > 0)
        {
            return create(value, ignoreCase);
        }

        context.Error(field, "must not be empty");
        return null;
    }
}
