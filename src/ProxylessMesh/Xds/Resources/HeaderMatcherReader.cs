using System.Collections.Immutable;
using Google.Protobuf.Collections;
using ProxylessMesh.Matching;
using Message = Envoy.Config.Route.V3.HeaderMatcher;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads a condition on a header, in its current form (<c>string_match</c>) and in the older one.</summary>
internal static class HeaderMatcherReader
{
    /// <summary>Reads the conditions of a field, most often one named <c>headers</c>.</summary>
    public static ImmutableArray<HeaderMatcher> ReadAll(RepeatedField<Message> headers, DecodeContext context, string field = "headers")
    {
        var matchers = ImmutableArray.CreateBuilder<HeaderMatcher>(headers.Count);
        for (var i = 0; i < headers.Count; i++)
        {
            using var scope = context.Enter(field, i);
            if (Read(headers[i], context) is { } matcher)
            {
                matchers.Add(matcher);
            }
        }

        return matchers.ToImmutable();
    }

    public static HeaderMatcher? Read(Message header, DecodeContext context)
    {
        if (header.Name.Length == 0)
        {
            context.Error("name", "must not be empty");
            return null;
        }

        return ReadSpecifier(header, context) is { } matcher
            ? matcher with { Invert = header.InvertMatch, TreatMissingAsEmpty = header.TreatMissingHeaderAsEmpty }
            : null;
    }

    private static HeaderMatcher? ReadSpecifier(Message header, DecodeContext context)
    {
        switch (header.HeaderMatchSpecifierCase)
        {
            case Message.HeaderMatchSpecifierOneofCase.StringMatch:
                using (context.Enter("string_match"))
                {
                    return String(header, StringMatcherReader.Read(header.StringMatch, context));
                }

            case Message.HeaderMatchSpecifierOneofCase.ExactMatch:
                return String(header, StringMatcher.Exact(header.ExactMatch));

            case Message.HeaderMatchSpecifierOneofCase.PrefixMatch:
                return String(header, StringMatcherReader.Part(header.PrefixMatch, "prefix_match", context, StringMatcher.Prefix));

            case Message.HeaderMatchSpecifierOneofCase.SuffixMatch:
                return String(header, StringMatcherReader.Part(header.SuffixMatch, "suffix_match", context, StringMatcher.Suffix));

            case Message.HeaderMatchSpecifierOneofCase.ContainsMatch:
                return String(header, StringMatcherReader.Part(header.ContainsMatch, "contains_match", context, StringMatcher.Contains));

            case Message.HeaderMatchSpecifierOneofCase.SafeRegexMatch:
                using (context.Enter("safe_regex_match"))
                {
                    return String(header, RegexReader.Read(header.SafeRegexMatch, context) is { } regex ? StringMatcher.Regex(regex) : null);
                }

            case Message.HeaderMatchSpecifierOneofCase.RangeMatch:
                return HeaderMatcher.Range(header.Name, header.RangeMatch.Start, header.RangeMatch.End);

            case Message.HeaderMatchSpecifierOneofCase.PresentMatch:
                return HeaderMatcher.Present(header.Name, header.PresentMatch);

            default:
                context.Error("header_match_specifier", "must be set to a condition this version knows (gRFC A28)");
                return null;
        }
    }

    private static HeaderMatcher? String(Message header, StringMatcher? matcher) => matcher is null ? null : HeaderMatcher.String(header.Name, matcher);
}
