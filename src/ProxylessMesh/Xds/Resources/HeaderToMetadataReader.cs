using System.Collections.Immutable;
using Envoy.Extensions.Filters.Http.HeaderToMetadata.V3;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads which headers become metadata.</summary>
internal static class HeaderToMetadataReader
{
    public static FilterConfig? Read(Any config, string fingerprint, DecodeContext context)
        => ResourceReader.TryUnpack(config, Config.Parser, context, out var message)
            ? new HeaderToMetadataConfig
            {
                Fingerprint = fingerprint,
                Request = ReadAll(message.RequestRules, "request_rules", context),
                Response = ReadAll(message.ResponseRules, "response_rules", context),
            }
            : null;

    private static ImmutableArray<MetadataRuleConfig> ReadAll(RepeatedField<Config.Types.Rule> rules, string field, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<MetadataRuleConfig>(rules.Count);
        for (var i = 0; i < rules.Count; i++)
        {
            using var scope = context.Enter(field, i);
            if (ReadRule(rules[i], context) is { } rule)
            {
                read.Add(rule);
            }
        }

        return read.ToImmutable();
    }

    private static MetadataRuleConfig? ReadRule(Config.Types.Rule rule, DecodeContext context)
    {
        if (rule.Header.Length > 0 == rule.Cookie.Length > 0)
        {
            context.Error("header", "or 'cookie' must be set, and not both");
            return null;
        }

        if (rule.Cookie.Length > 0 && rule.Remove)
        {
            context.Error("remove", "must not be set for a cookie");
        }

        if (rule.OnHeaderPresent is null && rule.OnHeaderMissing is null)
        {
            context.Error("on_header_present", "or 'on_header_missing' must be set");
        }

        if (rule.OnHeaderMissing is { ValueTypeCase: not Config.Types.KeyValuePair.ValueTypeOneofCase.Value })
        {
            context.Error("on_header_missing.value", "must be set: there is no header to take it from");
        }

        var name = rule.Cookie.Length > 0 ? rule.Cookie : HeaderMutationReader.ReadReference(rule.Header, "header", context);
        return name is null ? null : new MetadataRuleConfig(name, rule.Cookie.Length > 0)
        {
            OnPresent = ReadEntry(rule.OnHeaderPresent, "on_header_present", context),
            OnMissing = ReadEntry(rule.OnHeaderMissing, "on_header_missing", context),
            Removes = rule.Remove,
        };
    }

    private static MetadataEntryConfig? ReadEntry(Config.Types.KeyValuePair? entry, string field, DecodeContext context)
    {
        if (entry is null)
        {
            return null;
        }

        using var scope = context.Enter(field);
        if (entry.Key.Length == 0)
        {
            context.Error("key", "must not be empty");
        }

        if (entry.Type is not (Config.Types.ValueType.String or Config.Types.ValueType.Number))
        {
            context.Error("type", $"{entry.Type} is not supported: give STRING or NUMBER");
        }

        return new MetadataEntryConfig(entry.MetadataNamespace.Length > 0 ? entry.MetadataNamespace : MetadataEntryConfig.DefaultNamespace, entry.Key)
        {
            Value = entry.Value,
            Rewrite = entry.RegexValueRewrite is null ? null : RewriteReader.ReadRegex(entry.RegexValueRewrite, "regex_value_rewrite", context),
            IsNumber = entry.Type == Config.Types.ValueType.Number,
            IsBase64 = entry.Encode == Config.Types.ValueEncode.Base64,
        };
    }
}
