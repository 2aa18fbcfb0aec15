using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Extensions.Filters.Http.HeaderMutation.V3;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using Metadata = Envoy.Extensions.Filters.Http.HeaderToMetadata.V3.Config;
using MutationFilter = Envoy.Extensions.Filters.Http.HeaderMutation.V3.HeaderMutation;
using MutationStep = Envoy.Config.Common.MutationRules.V3.HeaderMutation;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads the filters that change headers, and that note what headers say.</summary>
internal static class HeaderFilterReader
{
    public static FilterConfig? ReadMutation(Any config, string fingerprint, DecodeContext context)
        => ResourceReader.TryUnpack(config, MutationFilter.Parser, context, out var filter)
            ? ReadMutations(filter.Mutations, filter.MostSpecificHeaderMutationsWins, fingerprint, context)
            : null;

    public static FilterConfig? ReadMutationPerRoute(Any config, string fingerprint, DecodeContext context)
        => ResourceReader.TryUnpack(config, HeaderMutationPerRoute.Parser, context, out var filter) ? ReadMutations(filter.Mutations, mostSpecificWins: false, fingerprint, context) : null;

    public static FilterConfig? ReadMetadata(Any config, string fingerprint, DecodeContext context)
    {
        if (!ResourceReader.TryUnpack(config, Metadata.Parser, context, out var filter))
        {
            return null;
        }

        if (filter.RequestRules.Count == 0 && filter.ResponseRules.Count == 0)
        {
            context.Error("request_rules", "or 'response_rules' must hold at least one rule");
        }

        return new HeaderToMetadataConfig
        {
            Fingerprint = fingerprint,
            Request = ReadRules(filter.RequestRules, "request_rules", context),
            Response = ReadRules(filter.ResponseRules, "response_rules", context),
        };
    }

    private static HeaderMutationFilterConfig ReadMutations(Mutations? mutations, bool mostSpecificWins, string fingerprint, DecodeContext context)
    {
        using var scope = context.Enter("mutations");
        return new HeaderMutationFilterConfig
        {
            Fingerprint = fingerprint,
            Request = ReadSteps(mutations?.RequestMutations ?? [], "request_mutations", context),
            Query = ReadQuery(mutations?.QueryParameterMutations ?? [], context),
            Response = ReadSteps(mutations?.ResponseMutations ?? [], "response_mutations", context),
            MostSpecificWins = mostSpecificWins,
        };
    }

    private static ImmutableArray<HeaderStepConfig> ReadSteps(RepeatedField<MutationStep> steps, string field, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<HeaderStepConfig>(steps.Count);
        for (var i = 0; i < steps.Count; i++)
        {
            using var scope = context.Enter(field, i);
            if (ReadStep(steps[i], context) is { } step)
            {
                read.Add(step);
            }
        }

        return read.ToImmutable();
    }

    private static HeaderStepConfig? ReadStep(MutationStep step, DecodeContext context)
    {
        switch (step.ActionCase)
        {
            case MutationStep.ActionOneofCase.Append:
                using (context.Enter("append"))
                {
                    return HeaderMutationReader.ReadAddition(step.Append, context) is { } addition ? new HeaderStepConfig { Addition = addition } : null;
                }

            case MutationStep.ActionOneofCase.Remove:
                return HeaderMutationReader.ReadName(step.Remove, "remove", context) is { } name ? new HeaderStepConfig { Removal = name } : null;

            case MutationStep.ActionOneofCase.RemoveOnMatch:
                using (context.Enter("remove_on_match.key_matcher"))
                {
                    return StringMatcherReader.Read(step.RemoveOnMatch.KeyMatcher ?? new(), context) is { } matcher ? new HeaderStepConfig { RemovalMatch = matcher } : null;
                }

            default:
                context.Error("action", "must be one of 'append', 'remove' and 'remove_on_match'");
                return null;
        }
    }

    private static ImmutableArray<QueryStepConfig> ReadQuery(RepeatedField<KeyValueMutation> steps, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<QueryStepConfig>(steps.Count);
        for (var i = 0; i < steps.Count; i++)
        {
            using var scope = context.Enter("query_parameter_mutations", i);
            var step = steps[i];
            if (step.Append is not { } append)
            {
                Require(step.Remove, "remove", context);
                read.Add(new QueryStepConfig(step.Remove, null, HeaderAppendAction.OverwriteIfExists));
                continue;
            }

            var key = append.Record?.Key ?? append.Entry?.Key ?? "";
            Require(key, append.Record is null ? "append.entry.key" : "append.record.key", context);
            if (append.Record is { Value.KindCase: not Value.KindOneofCase.StringValue })
            {
                context.Error("append.record.value", "must be a string_value");
                continue;
            }

            read.Add(new QueryStepConfig(key, append.Record?.Value.StringValue ?? append.Entry?.Value.ToStringUtf8() ?? "", append.Action switch
            {
                KeyValueAppend.Types.KeyValueAppendAction.AddIfAbsent => HeaderAppendAction.AddIfAbsent,
                KeyValueAppend.Types.KeyValueAppendAction.OverwriteIfExistsOrAdd => HeaderAppendAction.OverwriteIfExistsOrAdd,
                KeyValueAppend.Types.KeyValueAppendAction.OverwriteIfExists => HeaderAppendAction.OverwriteIfExists,
                _ => HeaderAppendAction.AppendIfExistsOrAdd,
            }));
        }

        return read.ToImmutable();
    }

    private static ImmutableArray<MetadataRuleConfig> ReadRules(RepeatedField<Metadata.Types.Rule> rules, string field, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<MetadataRuleConfig>(rules.Count);
        for (var i = 0; i < rules.Count; i++)
        {
            using var scope = context.Enter(field, i);
            var rule = rules[i];
            if (rule.Header.Length == 0 == (rule.Cookie.Length == 0))
            {
                context.Error("header", "or 'cookie' must be set, and not both");
            }

            if (rule.OnHeaderPresent is null && rule.OnHeaderMissing is null)
            {
                context.Error("on_header_present", "or 'on_header_missing' must be set");
            }

            if (rule.Cookie.Length > 0 && rule.Remove)
            {
                context.Error("remove", "must not be set for a cookie");
            }

            read.Add(new MetadataRuleConfig
            {
                Header = rule.Header.Length > 0 ? HeaderMutationReader.ReadReference(rule.Header, "header", context) : null,
                Cookie = rule.Cookie.Length > 0 ? rule.Cookie : null,
                Present = ReadValue(rule.OnHeaderPresent, "on_header_present", context),
                Missing = ReadValue(rule.OnHeaderMissing, "on_header_missing", context),
                Removes = rule.Remove,
            });
        }

        return read.ToImmutable();
    }

    private static MetadataValueConfig? ReadValue(Metadata.Types.KeyValuePair? value, string field, DecodeContext context)
    {
        if (value is null)
        {
            return null;
        }

        using var scope = context.Enter(field);
        Require(value.Key, "key", context);
        if (value.Type == Metadata.Types.ValueType.ProtobufValue)
        {
            context.Error("type", "PROTOBUF_VALUE is not supported: give STRING or NUMBER");
        }

        if (field == "on_header_missing" && value.Value.Length == 0)
        {
            context.Error("value", "must not be empty: there is no header to take it from");
        }

        if (value.Value.Length > 0 && value.RegexValueRewrite is not null)
        {
            context.Error("regex_value_rewrite", "and 'value' exclude each other");
        }

        return new MetadataValueConfig
        {
            Namespace = value.MetadataNamespace.Length > 0 ? value.MetadataNamespace : MetadataValueConfig.DefaultNamespace,
            Key = value.Key,
            Value = value.Value,
            Rewrite = value.RegexValueRewrite is { } rewrite ? RegexReader.ReadRewrite(rewrite, "regex_value_rewrite", context) : null,
            Type = value.Type == Metadata.Types.ValueType.Number ? MetadataValueType.Number : MetadataValueType.Text,
            IsBase64 = value.Encode == Metadata.Types.ValueEncode.Base64,
        };
    }

    private static void Require(string value, string field, DecodeContext context)
    {
        if (value.Length == 0)
        {
            context.Error(field, "must not be empty");
        }
    }
}
