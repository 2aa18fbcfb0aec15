using System.Collections.Immutable;
using Envoy.Config.Core.V3;
using Envoy.Extensions.Common.Ratelimit.V3;
using Envoy.Extensions.Filters.Http.LocalRatelimit.V3;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using TokenBucket = Envoy.Type.V3.TokenBucket;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads a local rate limit. There is no runtime in process: the keys that name values of it are left, and the values given with them count.</summary>
internal static class LocalRateLimitReader
{
    private const int MinErrorStatus = 400;
    private const int MaxAddedHeaders = 10;

    public static FilterConfig? Read(Any config, string fingerprint, DecodeContext context)
        => ResourceReader.TryUnpack(config, LocalRateLimit.Parser, context, out var limit) ? Read(limit, fingerprint, context) : null;

    /// <summary>A part of the routes has tokens of its own, or else there is no point in it.</summary>
    public static FilterConfig? ReadOverride(Any config, string fingerprint, DecodeContext context)
    {
        if (!ResourceReader.TryUnpack(config, LocalRateLimit.Parser, context, out var limit))
        {
            return null;
        }

        if (limit.TokenBucket is null)
        {
            context.Error("token_bucket", "must be set for a part of the routes");
        }

        return Read(limit, fingerprint, context);
    }

    /// <summary>A status to refuse with; one that is no error gives way.</summary>
    public static int ReadStatus(Envoy.Type.V3.HttpStatus? status, int fallback) => status is not null && (int)status.Code >= MinErrorStatus ? (int)status.Code : fallback;

    /// <summary>A share of requests.</summary>
    public static FractionConfig ReadShare(RuntimeFractionalPercent? share, string field, FractionConfig fallback, DecodeContext context)
        => share?.DefaultValue is null ? fallback : FractionReader.Read(share.DefaultValue, $"{field}.default_value", context) ?? fallback;

    /// <summary>Headers to add to a refusal.</summary>
    public static HeaderMutationsConfig ReadResponseHeaders(RepeatedField<HeaderValueOption> headers, DecodeContext context)
    {
        var read = CheckCount(headers, "response_headers_to_add", context);
        return read.IsEmpty ? HeaderMutationsConfig.None : new HeaderMutationsConfig { ResponseAdditions = read };
    }

    private static LocalRateLimitConfig Read(LocalRateLimit limit, string fingerprint, DecodeContext context)
    {
        if (limit.StatPrefix.Length == 0)
        {
            context.Error("stat_prefix", "must not be empty");
        }

        if (limit.LocalClusterRateLimit is not null)
        {
            context.WarnNoEffect("tokens shared among the processes of a cluster", "local_cluster_rate_limit");
        }

        // local_rate_limit_per_downstream_connection is the case anyway: a process is its own one caller.
        var requestHeaders = CheckCount(limit.RequestHeadersToAddWhenNotEnforced, "request_headers_to_add_when_not_enforced", context);
        return new LocalRateLimitConfig
        {
            Fingerprint = fingerprint,
            StatPrefix = limit.StatPrefix,
            Bucket = limit.TokenBucket is null ? null : ReadBucket(limit.TokenBucket, context),
            Descriptors = ReadDescriptors(limit.Descriptors, context),
            AlwaysTakesDefault = limit.AlwaysConsumeDefaultTokenBucket ?? true,
            Enabled = ReadShare(limit.FilterEnabled, "filter_enabled", new FractionConfig(0, 100), context),
            Enforced = ReadShare(limit.FilterEnforced, "filter_enforced", new FractionConfig(0, 100), context),
            Status = ReadStatus(limit.Status, LocalRateLimitConfig.DefaultStatus),
            ResponseHeaders = ReadResponseHeaders(limit.ResponseHeadersToAdd, context),
            UnenforcedRequestHeaders = requestHeaders.IsEmpty ? HeaderMutationsConfig.None : new HeaderMutationsConfig { RequestAdditions = requestHeaders },
            TellsLimits = ReadTellsLimits(limit.EnableXRatelimitHeaders, context),
            IsResourceExhausted = limit.RateLimitedAsResourceExhausted,
            Stage = RateLimitReader.ReadStage(limit.Stage, context),
            VirtualHostLimits = ReadVirtualHostLimits(limit.VhRateLimits, context),
            RateLimits = RateLimitReader.ReadAll(limit.RateLimits, "rate_limits", context),
        };
    }

    private static bool ReadTellsLimits(XRateLimitHeadersRFCVersion version, DecodeContext context)
    {
        if (version is not (XRateLimitHeadersRFCVersion.Off or XRateLimitHeadersRFCVersion.DraftVersion03))
        {
            context.Error("enable_x_ratelimit_headers", $"{version} must be OFF or DRAFT_VERSION_03");
        }

        return version == XRateLimitHeadersRFCVersion.DraftVersion03;
    }

    private static VirtualHostLimits ReadVirtualHostLimits(VhRateLimitsOptions option, DecodeContext context)
    {
        switch (option)
        {
            case VhRateLimitsOptions.Override:
                return VirtualHostLimits.Override;
            case VhRateLimitsOptions.Include:
                return VirtualHostLimits.Include;
            case VhRateLimitsOptions.Ignore:
                return VirtualHostLimits.Ignore;
            default:
                context.Error("vh_rate_limits", $"{option} must be OVERRIDE, INCLUDE or IGNORE");
                return VirtualHostLimits.Include;
        }
    }

    private static ImmutableArray<LocalDescriptorConfig> ReadDescriptors(RepeatedField<LocalRateLimitDescriptor> descriptors, DecodeContext context)
    {
        var read = ImmutableArray.CreateBuilder<LocalDescriptorConfig>(descriptors.Count);
        var known = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < descriptors.Count; i++)
        {
            using var scope = context.Enter("descriptors", i);
            var descriptor = descriptors[i];
            if (descriptor.Entries.Count == 0)
            {
                context.Error("entries", "must hold at least one entry");
            }

            for (var j = 0; j < descriptor.Entries.Count; j++)
            {
                if (descriptor.Entries[j].Key.Length == 0 || descriptor.Entries[j].Value.Length == 0)
                {
                    context.Error($"entries[{j}]", "must have a 'key' and a 'value': entries for any value are not supported");
                }
            }

            if (!known.Add(string.Join('\0', descriptor.Entries.Select(static entry => $"{entry.Key}\0{entry.Value}"))))
            {
                context.Error("entries", "are those of another descriptor: which tokens would count is not said");
            }

            if (descriptor.TokenBucket is null)
            {
                context.Error("token_bucket", "must be set");
            }
            else if (ReadBucket(descriptor.TokenBucket, context) is { } bucket)
            {
                read.Add(new LocalDescriptorConfig([.. descriptor.Entries.Select(static entry => System.Collections.Generic.KeyValuePair.Create(entry.Key, entry.Value))], bucket, descriptor.ShadowMode));
            }
        }

        return read.ToImmutable();
    }

    private static TokenBucketConfig? ReadBucket(TokenBucket bucket, DecodeContext context)
    {
        using var scope = context.Enter("token_bucket");
        if (bucket.MaxTokens == 0)
        {
            context.Error("max_tokens", "must be greater than 0");
        }

        if (bucket.TokensPerFill == 0)
        {
            context.Error("tokens_per_fill", "must be greater than 0");
        }

        if (bucket.FillInterval is null)
        {
            context.Error("fill_interval", "must be set");
            return null;
        }

        // "must be >= 50ms to avoid too aggressive refills" - local_rate_limit.proto
        var interval = DurationReader.Read(bucket.FillInterval, "fill_interval", context);
        if (interval < TokenBucketConfig.MinFillInterval)
        {
            context.Error("fill_interval", $"{interval.Value.TotalMilliseconds} ms must be at least {TokenBucketConfig.MinFillInterval.TotalMilliseconds} ms");
        }

        return interval is { } right && bucket.TokensPerFill != 0 ? new TokenBucketConfig(bucket.MaxTokens, bucket.TokensPerFill ?? 1, right) : null;
    }

    private static ImmutableArray<HeaderAdditionConfig> CheckCount(RepeatedField<HeaderValueOption> headers, string field, DecodeContext context)
    {
        if (headers.Count > MaxAddedHeaders)
        {
            context.Error(field, $"holds {headers.Count} headers; there may be {MaxAddedHeaders}");
        }

        return HeaderMutationReader.ReadAdditions(headers, field, context);
    }
}
