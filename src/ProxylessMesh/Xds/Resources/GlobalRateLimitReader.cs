using Envoy.Extensions.Filters.Http.Ratelimit.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using HeadersVersion = Envoy.Extensions.Filters.Http.Ratelimit.V3.RateLimit.Types.XRateLimitHeadersRFCVersion;
using VirtualHostOption = Envoy.Extensions.Filters.Http.Ratelimit.V3.RateLimitPerRoute.Types.VhRateLimitsOptions;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads a global rate limit, and what parts of the routes say of it.</summary>
internal static class GlobalRateLimitReader
{
    private static readonly FractionConfig None = new(0, 100);
    private static readonly FractionConfig All = new(100, 100);

    public static FilterConfig? Read(Any config, string fingerprint, DecodeContext context)
    {
        if (!ResourceReader.TryUnpack(config, RateLimit.Parser, context, out var limit))
        {
            return null;
        }

        if (limit.Domain.Length == 0)
        {
            context.Error("domain", "must not be empty");
        }

        if (limit.RequestType is not ("" or "both" or "internal" or "external"))
        {
            context.Error("request_type", $"'{limit.RequestType}' must be 'internal', 'external' or 'both'");
        }

        if (limit.EnableXRatelimitHeaders is not (HeadersVersion.Off or HeadersVersion.DraftVersion03))
        {
            context.Error("enable_x_ratelimit_headers", $"{limit.EnableXRatelimitHeaders} must be OFF or DRAFT_VERSION_03");
        }

        var deniedOnFailure = limit.FailureModeDeny ? All : None;
        return ReadService(limit, context) is not { } service ? null : new GlobalRateLimitConfig
        {
            Fingerprint = fingerprint,
            Domain = limit.Domain,
            Service = service,
            StatPrefix = limit.StatPrefix,
            Stage = RateLimitReader.ReadStage(limit.Stage, context),
            LimitsInternal = limit.RequestType != "external",
            Timeout = DurationReader.ReadPositive(limit.Timeout, "timeout", context) ?? GlobalRateLimitConfig.DefaultTimeout,
            DeniedOnFailure = LocalRateLimitReader.ReadShare(limit.FailureModeDenyPercent, "failure_mode_deny_percent", deniedOnFailure, context),
            StatusOnError = LocalRateLimitReader.ReadStatus(limit.StatusOnError, GlobalRateLimitConfig.DefaultErrorStatus),
            Enabled = LocalRateLimitReader.ReadShare(limit.FilterEnabled, "filter_enabled", All, context),
            Enforced = LocalRateLimitReader.ReadShare(limit.FilterEnforced, "filter_enforced", All, context),
            Status = LocalRateLimitReader.ReadStatus(limit.RateLimitedStatus, LocalRateLimitConfig.DefaultStatus),
            IsResourceExhausted = limit.RateLimitedAsResourceExhausted,
            TellsRefusal = !limit.DisableXEnvoyRatelimitedHeader,
            TellsLimits = limit.EnableXRatelimitHeaders == HeadersVersion.DraftVersion03,
            ResponseHeaders = LocalRateLimitReader.ReadResponseHeaders(limit.ResponseHeadersToAdd, context),
            RateLimits = RateLimitReader.ReadAll(limit.RateLimits, "rate_limits", context),
        };
    }

    public static FilterConfig? ReadOverride(Any config, string fingerprint, DecodeContext context)
    {
        if (!ResourceReader.TryUnpack(config, RateLimitPerRoute.Parser, context, out var route))
        {
            return null;
        }

        if (route.VhRateLimits is not (VirtualHostOption.Override or VirtualHostOption.Include or VirtualHostOption.Ignore))
        {
            context.Error("vh_rate_limits", $"{route.VhRateLimits} must be OVERRIDE, INCLUDE or IGNORE");
        }

        return new RateLimitPerRouteConfig
        {
            Fingerprint = fingerprint,
            Domain = route.Domain,
            VirtualHostLimits = (VirtualHostLimits)route.VhRateLimits, // the same numbers; others were rejected
            RateLimits = RateLimitReader.ReadAll(route.RateLimits, "rate_limits", context),
        };
    }

    private static GrpcServiceConfig? ReadService(RateLimit limit, DecodeContext context)
    {
        using var scope = context.Enter("rate_limit_service");
        if (limit.RateLimitService?.GrpcService is { } service)
        {
            using var inner = context.Enter("grpc_service");
            return GrpcServiceReader.Read(service, context);
        }

        context.Error("grpc_service", "must be set");
        return null;
    }
}
