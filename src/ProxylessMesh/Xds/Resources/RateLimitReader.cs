using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using Envoy.Type.Metadata.V3;
using Google.Protobuf.Collections;
using ProxylessMesh.Configuration;
using Action = Envoy.Config.Route.V3.RateLimit.Types.Action;
using Specifier = Envoy.Config.Route.V3.RateLimit.Types.Action.ActionSpecifierOneofCase;

namespace ProxylessMesh.Xds.Resources;

/// <summary>
/// Reads what requests are counted as. What is not known here rejects the resource: a limit that is counted as something else, or not at all, protects
/// nobody.
/// </summary>
internal static class RateLimitReader
{
    // "The filter supports a range of 0 - 10 inclusively for stage numbers." - rate_limit.proto
    private const uint MaxStage = 10;

    private const ulong MaxHits = 1_000_000_000;
    private const uint V4Bits = 32;
    private const uint V6Bits = 128;

    public static ImmutableArray<RateLimitConfig> ReadAll(RepeatedField<RateLimit> limits, string field, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<RateLimitConfig>(limits.Count);
        for (var i = 0; i < limits.Count; i++)
        {
            using var scope = context.Enter(field, i);
            if (limits[i].ApplyOnStreamDone)
            {
                context.WarnNoEffect("rate limits that count a request when it is over", "apply_on_stream_done");
            }
            else if (Read(limits[i], context) is { } limit)
            {
                read.Add(limit);
            }
        }

        return read.ToImmutable();
    }

    /// <summary>Which limits a filter counts.</summary>
    public static uint ReadStage(uint? stage, DecodeContext context)
    {
        if (stage > MaxStage)
        {
            context.Error("stage", $"{stage} must be from 0 to {MaxStage}");
        }

        return stage ?? 0;
    }

    private static RateLimitConfig? Read(RateLimit limit, DecodeContext context)
    {
        if (limit.Actions.Count == 0)
        {
            context.Error("actions", "must hold at least one action");
            return null;
        }

        var actions = ImmutableArray.CreateBuilder<RateLimitActionConfig>(limit.Actions.Count);
        for (var i = 0; i < limit.Actions.Count; i++)
        {
            using var scope = context.Enter("actions", i);
            if (Read(limit.Actions[i], context) is { } action)
            {
                actions.Add(action);
            }
        }

        return new RateLimitConfig(actions.ToImmutable())
        {
            Stage = ReadStage(limit.Stage, context),
            LimitOverride = ReadOverride(limit.Limit, context),
            Hits = ReadHits(limit.HitsAddend, context),
        };
    }

    private static MetadataPathConfig? ReadOverride(RateLimit.Types.Override? limit, DecodeContext context)
    {
        if (limit is null)
        {
            return null;
        }

        using var scope = context.Enter("limit");
        if (limit.OverrideSpecifierCase != RateLimit.Types.Override.OverrideSpecifierOneofCase.DynamicMetadata)
        {
            context.Error("override_specifier", "must be 'dynamic_metadata'");
            return null;
        }

        return ReadPath(limit.DynamicMetadata.MetadataKey, "dynamic_metadata.metadata_key", context);
    }

    private static ulong? ReadHits(RateLimit.Types.HitsAddend? hits, DecodeContext context)
    {
        if (hits is null)
        {
            return null;
        }

        if (hits.Format.Length > 0)
        {
            context.Error("hits_addend.format", "is not supported: give 'number'");
        }

        if (hits.Number > MaxHits)
        {
            context.Error("hits_addend.number", $"{hits.Number} must be at most {MaxHits}");
        }

        return hits.Number;
    }

    private static RateLimitActionConfig? Read(Action action, DecodeContext context)
    {
        switch (action.ActionSpecifierCase)
        {
            case Specifier.SourceCluster:
                return new SourceClusterActionConfig();
            case Specifier.DestinationCluster:
                return new DestinationClusterActionConfig();
            case Specifier.RemoteAddress:
                return new RemoteAddressActionConfig();
            case Specifier.RequestHeaders:
                using (context.Enter("request_headers"))
                {
                    var header = action.RequestHeaders;
                    return HeaderMutationReader.ReadReference(header.HeaderName, "header_name", context) is { } name && Check(header.DescriptorKey, "descriptor_key", context)
                        ? new HeaderActionConfig(name, header.DescriptorKey, header.SkipIfAbsent)
                        : null;
                }

            case Specifier.QueryParameters:
                using (context.Enter("query_parameters"))
                {
                    var query = action.QueryParameters;
                    return Check(query.DescriptorKey, "descriptor_key", context) && Check(query.QueryParameterName, "query_parameter_name", context)
                        ? new QueryActionConfig(query.QueryParameterName, query.DescriptorKey, query.SkipIfAbsent)
                        : null;
                }

            case Specifier.MaskedRemoteAddress:
                using (context.Enter("masked_remote_address"))
                {
                    var masked = action.MaskedRemoteAddress;
                    return new MaskedAddressActionConfig(
                        ReadLength(masked.V4PrefixMaskLen, V4Bits, "v4_prefix_mask_len", context), ReadLength(masked.V6PrefixMaskLen, V6Bits, "v6_prefix_mask_len", context));
                }

            case Specifier.GenericKey:
                using (context.Enter("generic_key"))
                {
                    return Check(action.GenericKey.DescriptorValue, "descriptor_value", context)
                        ? new GenericKeyActionConfig(Or(action.GenericKey.DescriptorKey, "generic_key"), action.GenericKey.DescriptorValue)
                        : null;
                }

            default:
                return ReadConditional(action, context);
        }
    }

    private static RateLimitActionConfig? ReadConditional(Action action, DecodeContext context)
    {
        switch (action.ActionSpecifierCase)
        {
            case Specifier.HeaderValueMatch:
                using (context.Enter("header_value_match"))
                {
                    var match = action.HeaderValueMatch;
                    var headers = HeaderMatcherReader.ReadAll(match.Headers, context);
                    return Check(match.DescriptorValue, "descriptor_value", context) & CheckAny(match.Headers.Count, "headers", context)
                        ? new HeaderMatchActionConfig(Or(match.DescriptorKey, "header_match"), match.DescriptorValue, match.ExpectMatch ?? true, headers)
                        : null;
                }

            case Specifier.QueryParameterValueMatch:
                using (context.Enter("query_parameter_value_match"))
                {
                    var match = action.QueryParameterValueMatch;
                    var parameters = RouteMatchReader.ReadQueryParameters(match.QueryParameters, context);
                    return Check(match.DescriptorValue, "descriptor_value", context) & CheckAny(match.QueryParameters.Count, "query_parameters", context)
                        ? new QueryMatchActionConfig(Or(match.DescriptorKey, "query_match"), match.DescriptorValue, match.ExpectMatch ?? true, parameters)
                        : null;
                }

            case Specifier.DynamicMetadata:
                using (context.Enter("dynamic_metadata"))
                {
                    var metadata = action.DynamicMetadata;
                    return ReadPath(metadata.MetadataKey, "metadata_key", context) is { } path && Check(metadata.DescriptorKey, "descriptor_key", context)
                        ? new MetadataActionConfig(metadata.DescriptorKey, path, metadata.DefaultValue, SkipIfAbsent: false)
                        : null;
                }

            case Specifier.Metadata:
                using (context.Enter("metadata"))
                {
                    return ReadMetadata(action.Metadata, context);
                }

            case Specifier.Extension:
                context.Error("extension.typed_config", $"the descriptor type '{action.Extension.TypedConfig?.TypeUrl}' is not supported: give one of the other actions");
                return null;

            default:
                context.Error("action_specifier", "must be set to an action this version knows");
                return null;
        }
    }

    private static RateLimitActionConfig? ReadMetadata(Action.Types.MetaData metadata, DecodeContext context)
    {
        if (ReadPath(metadata.MetadataKey, "metadata_key", context) is not { } path || !Check(metadata.DescriptorKey, "descriptor_key", context))
        {
            return null;
        }

        switch (metadata.Source)
        {
            case Action.Types.MetaData.Types.Source.Dynamic:
                return new MetadataActionConfig(metadata.DescriptorKey, path, metadata.DefaultValue, metadata.SkipIfAbsent);
            case Action.Types.MetaData.Types.Source.RouteEntry:
                return new RouteMetadataActionConfig(metadata.DescriptorKey, path, metadata.DefaultValue, metadata.SkipIfAbsent);
            default:
                context.Error("source", $"{metadata.Source} must be DYNAMIC or ROUTE_ENTRY");
                return null;
        }
    }

    private static MetadataPathConfig? ReadPath(MetadataKey? key, string field, DecodeContext context)
    {
        if (key is null || key.Key.Length == 0 || key.Path.Count == 0 || key.Path.Any(static segment => segment.Key.Length == 0))
        {
            context.Error(field, "must have a 'key', and a 'path' of at least one key");
            return null;
        }

        return new MetadataPathConfig(key.Key, [.. key.Path.Select(static segment => segment.Key)]);
    }

    private static int ReadLength(uint? length, uint bits, string field, DecodeContext context)
    {
        if (length > bits)
        {
            context.Error(field, $"{length} must be at most {bits}");
        }

        return (int)Math.Min(length ?? bits, bits);
    }

    private static bool Check(string text, string field, DecodeContext context)
    {
        if (text.Length == 0)
        {
            context.Error(field, "must not be empty");
        }

        return text.Length > 0;
    }

    private static bool CheckAny(int count, string field, DecodeContext context)
    {
        if (count == 0)
        {
            context.Error(field, "must hold at least one condition");
        }

        return count > 0;
    }

    private static string Or(string text, string fallback) => text.Length > 0 ? text : fallback;
}
