using System.Buffers;
using Envoy.Config.Core.V3;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Path.Rewrite.UriTemplate.V3;
using Envoy.Type.Matcher.V3;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using PathMatcher = ProxylessMesh.Matching.PathMatcher;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads rewrites of paths and hosts.</summary>
internal static class RewriteReader
{
    private static readonly SearchValues<char> NotInHost = SearchValues.Create(" \t\r\n\0/?#@\\");

    /// <summary>Reads the path rewrite of a route; there is at most one.</summary>
    public static PathRewriteConfig? ReadPath(RouteAction action, PathMatcher? matcher, DecodeContext context)
    {
        var count = (action.PrefixRewrite.Length > 0 ? 1 : 0) + (action.RegexRewrite is null ? 0 : 1) + (action.PathRewritePolicy is null ? 0 : 1);
        if (count > 1)
        {
            context.Error("prefix_rewrite", "'prefix_rewrite', 'regex_rewrite' and 'path_rewrite_policy' exclude each other: give one");
            return null;
        }

        return action switch
        {
            { PrefixRewrite.Length: > 0 } => ReadPrefix(action.PrefixRewrite, context),
            { RegexRewrite: { } regex } => ReadPathRegex(regex, context),
            { PathRewritePolicy: { } policy } => ReadTemplate(policy, matcher, context),
            _ => null,
        };
    }

    public static PrefixRewriteConfig? ReadPrefix(string prefix, DecodeContext context)
        => CheckPath(prefix, "prefix_rewrite", context) ? new PrefixRewriteConfig(prefix) : null;

    public static RegexPathRewriteConfig? ReadPathRegex(RegexMatchAndSubstitute regex, DecodeContext context)
        => ReadRegex(regex, "regex_rewrite", context) is { } rewrite ? new RegexPathRewriteConfig(rewrite) : null;

    public static HostRewriteConfig? ReadHost(RouteAction action, DecodeContext context)
    {
        switch (action.HostRewriteSpecifierCase)
        {
            case RouteAction.HostRewriteSpecifierOneofCase.HostRewriteLiteral:
                return ReadLiteralHost(action.HostRewriteLiteral, context) is { } host ? new LiteralHostConfig(host) : null;

            case RouteAction.HostRewriteSpecifierOneofCase.HostRewriteHeader:
                return action.HostRewriteHeader.Length > 0 ? new HeaderHostConfig(action.HostRewriteHeader.ToLowerInvariant()) : null;

            case RouteAction.HostRewriteSpecifierOneofCase.HostRewritePathRegex:
                return ReadRegex(action.HostRewritePathRegex, "host_rewrite_path_regex", context) is { } rewrite ? new PathRegexHostConfig(rewrite) : null;

            case RouteAction.HostRewriteSpecifierOneofCase.AutoHostRewrite:
                if (action.AutoHostRewrite != true)
                {
                    return null;
                }

                return new EndpointHostConfig();

            case RouteAction.HostRewriteSpecifierOneofCase.HostRewrite:
                context.WarnNoEffect("formatted host rewrites", "host_rewrite");
                return null;

            default:
                return null;
        }
    }

    /// <returns>The host, or <see langword="null"/> when it is empty, which rewrites nothing, or wrong.</returns>
    public static string? ReadLiteralHost(string host, DecodeContext context)
    {
        if (host.Length > 0 && host.AsSpan().ContainsAny(NotInHost))
        {
            context.Error("host_rewrite_literal", $"'{host}' is no host");
            return null;
        }

        return host.Length > 0 ? host : null;
    }

    /// <summary>Notes an error unless the text may stand in a request line as it is.</summary>
    public static bool CheckPath(string path, string field, DecodeContext context)
    {
        foreach (var c in path)
        {
            if (!char.IsAscii(c) || char.IsControl(c) || c == ' ')
            {
                context.Error(field, $"'{path}' must be ASCII without white space: percent-encode the rest");
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads a rewrite whose result goes into a request line.</summary>
    private static RegexRewrite? ReadRegex(RegexMatchAndSubstitute message, string field, DecodeContext context)
        => CheckPath(message.Substitution, $"{field}.substitution", context) ? RegexReader.ReadRewrite(message, field, context) : null;

    private static TemplateRewriteConfig? ReadTemplate(TypedExtensionConfig policy, PathMatcher? matcher, DecodeContext context)
    {
        using var scope = context.Enter("path_rewrite_policy");
        if (policy.TypedConfig?.TypeUrl != ExtensionTypes.UriTemplateRewrite)
        {
            context.Error("typed_config", $"the path rewrite type '{policy.TypedConfig?.TypeUrl}' is not supported: give a UriTemplateRewriteConfig");
            return null;
        }

        if (!ResourceReader.TryUnpack(policy.TypedConfig, UriTemplateRewriteConfig.Parser, context, out var config) || matcher is null)
        {
            return null;
        }

        if (matcher.Template is null)
        {
            context.Error("", "needs a route that matches by a URI template (path_match_policy)");
            return null;
        }

        if (!UriTemplateRewrite.TryParse(config.PathTemplateRewrite, matcher.Template, out var rewrite, out var error))
        {
            context.Error("typed_config.path_template_rewrite", error);
            return null;
        }

        return new TemplateRewriteConfig(rewrite);
    }
}
