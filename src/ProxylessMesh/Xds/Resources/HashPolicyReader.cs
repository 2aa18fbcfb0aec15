using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads what requests are hashed by.</summary>
internal static class HashPolicyReader
{
    // "io.grpc.channel_id" is the only key that means something without a filter chain - gRFC A42
    private const string ChannelIdKey = "io.grpc.channel_id";

    public static ImmutableArray<HashPolicyConfig> Read(RepeatedField<RouteAction.Types.HashPolicy> policies, DecodeContext context)
    {
        var result = ImmutableArray.CreateBuilder<HashPolicyConfig>(policies.Count);
        for (var i = 0; i < policies.Count; i++)
        {
            using var scope = context.Enter("hash_policy", i);
            if (Read(policies[i], context) is { } policy)
            {
                result.Add(policies[i].Terminal ? policy with { IsTerminal = true } : policy);
            }
        }

        return result.ToImmutable();
    }

    /// <returns>The policy, or <see langword="null"/> when it is wrong; then an error is noted.</returns>
    private static HashPolicyConfig? Read(RouteAction.Types.HashPolicy policy, DecodeContext context)
    {
        switch (policy.PolicySpecifierCase)
        {
            case RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.Header:
                return ReadHeader(policy.Header, context);

            case RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.Cookie:
                return ReadCookie(policy.Cookie, context);

            case RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.ConnectionProperties:
                return policy.ConnectionProperties.SourceIp ? new SourceHashPolicyConfig() : new AbsentHashPolicyConfig();

            case RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.QueryParameter:
                return CheckName(policy.QueryParameter.Name, "query_parameter.name", context) ? new QueryHashPolicyConfig(policy.QueryParameter.Name) : null;

            case RouteAction.Types.HashPolicy.PolicySpecifierOneofCase.FilterState:
                if (policy.FilterState.Key == ChannelIdKey)
                {
                    return new ChannelHashPolicyConfig();
                }

                if (!CheckName(policy.FilterState.Key, "filter_state.key", context))
                {
                    return null;
                }

                context.WarnNoEffect($"hash policies by a filter state other than '{ChannelIdKey}'", "filter_state.key");
                return new AbsentHashPolicyConfig();

            default:
                // "policies of an unsupported type are ignored" - gRFC A42
                context.WarnNoEffect("hash policies of a kind that is newer", "policy_specifier");
                return new AbsentHashPolicyConfig();
        }
    }

    private static HeaderHashPolicyConfig? ReadHeader(RouteAction.Types.HashPolicy.Types.Header header, DecodeContext context)
    {
        using var scope = context.Enter("header");
        var rewrite = header.RegexRewrite is null ? null : RegexReader.ReadRewrite(header.RegexRewrite, "regex_rewrite", context);
        var isRewriteWrong = header.RegexRewrite is not null && rewrite is null;
        if (!CheckName(header.HeaderName, "header_name", context) || isRewriteWrong)
        {
            return null;
        }

        var values = context.Dialect == XdsDialect.Grpc ? HashedValues.JoinedInGrpc : HashedValues.Chained;
        return new HeaderHashPolicyConfig(header.HeaderName.ToLowerInvariant(), rewrite, values);
    }

    private static CookieHashPolicyConfig? ReadCookie(RouteAction.Types.HashPolicy.Types.Cookie cookie, DecodeContext context)
    {
        using var scope = context.Enter("cookie");
        var timeToLive = DurationReader.Read(cookie.Ttl, "ttl", context);
        var isRight = CheckName(cookie.Name, "name", context) && CheckCookieText(cookie.Name, "name", context) && CheckCookieText(cookie.Path, "path", context);
        for (var i = 0; i < cookie.Attributes.Count; i++)
        {
            using var attributeScope = context.Enter("attributes", i);
            isRight &= CheckName(cookie.Attributes[i].Name, "name", context)
                && CheckCookieText(cookie.Attributes[i].Name, "name", context)
                && CheckCookieText(cookie.Attributes[i].Value, "value", context);
        }

        return isRight
            ? new CookieHashPolicyConfig(cookie.Name, timeToLive, cookie.Path, [.. cookie.Attributes.Select(static attribute => KeyValuePair.Create(attribute.Name, attribute.Value))])
            : null;
    }

    private static bool CheckName(string name, string field, DecodeContext context)
    {
        if (name.Length == 0)
        {
            context.Error(field, "must not be empty");
        }

        return name.Length > 0;
    }

    /// <summary>What is put into a Set-Cookie header must not end the attribute or the header.</summary>
    private static bool CheckCookieText(string text, string field, DecodeContext context)
    {
        foreach (var c in text)
        {
            if (c == ';' || !char.IsAscii(c) || char.IsControl(c))
            {
                context.Error(field, $"'{text}' must be ASCII without ';' and control characters (RFC 6265, 4.1.1)");
                return false;
            }
        }

        return true;
    }
}
