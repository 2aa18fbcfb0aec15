using System.Collections.Immutable;
using Envoy.Config.Route.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads when a request is tried again (gRFC A44, <c>envoy.config.route.v3.RetryPolicy</c>).</summary>
internal static class RetryPolicyReader
{
    private const int BackoffFactor = 10;

    /// <summary>"values less than 1ms are treated as 1ms" - gRFC A44; a timer cannot do less in Envoy's either.</summary>
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(1);

    private static readonly Dictionary<string, RetryConditions> Conditions = new(StringComparer.Ordinal)
    {
        ["5xx"] = RetryConditions.ServerError,
        ["gateway-error"] = RetryConditions.GatewayError,
        ["reset"] = RetryConditions.Reset,
        ["reset-before-request"] = RetryConditions.ResetBeforeRequest,
        ["connect-failure"] = RetryConditions.ConnectFailure,
        ["envoy-ratelimited"] = RetryConditions.RateLimited,
        ["retriable-4xx"] = RetryConditions.Retriable4xx,
        ["refused-stream"] = RetryConditions.RefusedStream,
        ["retriable-status-codes"] = RetryConditions.RetriableStatusCodes,
        ["retriable-headers"] = RetryConditions.RetriableHeaders,
        ["http3-post-connect-failure"] = RetryConditions.None, // there is no HTTP/3 to endpoints
        ["cancelled"] = RetryConditions.GrpcCancelled,
        ["deadline-exceeded"] = RetryConditions.GrpcDeadlineExceeded,
        ["internal"] = RetryConditions.GrpcInternal,
        ["resource-exhausted"] = RetryConditions.GrpcResourceExhausted,
        ["unavailable"] = RetryConditions.GrpcUnavailable,
    };

    /// <returns>The policy, or <see langword="null"/> where there is none. One without conditions is a policy: it switches retries off.</returns>
    public static RetryPolicyConfig? Read(RetryPolicy? policy, DecodeContext context)
    {
        if (policy is null)
        {
            return null;
        }

        using var scope = context.Enter("retry_policy");
        if (policy.NumRetries == 0 && context.Dialect == XdsDialect.Grpc)
        {
            context.Error("num_retries", "must be at least 1 (gRFC A44); leave 'retry_on' empty for no retries");
        }

        if (policy.RetryOptionsPredicates.Count > 0)
        {
            context.WarnNoEffect("options of retries", "retry_options_predicates");
        }

        var (@base, max) = ReadBackoff(policy.RetryBackOff, context);
        var result = new RetryPolicyConfig
        {
            Conditions = ReadConditions(policy.RetryOn),
            MaxRetries = policy.NumRetries ?? 1,
            PerTryTimeout = DurationReader.Read(policy.PerTryTimeout, "per_try_timeout", context),
            PerTryIdleTimeout = DurationReader.Read(policy.PerTryIdleTimeout, "per_try_idle_timeout", context),
            BackoffBase = @base,
            BackoffMax = max,
            RateLimitedBackoff = ReadRateLimited(policy.RateLimitedRetryBackOff, context),
            RetriableStatusCodes = [.. policy.RetriableStatusCodes.Select(static code => (int)Math.Min(code, int.MaxValue))],
            RetriableHeaders = HeaderMatcherReader.ReadAll(policy.RetriableHeaders, context, "retriable_headers"),
            RetriableRequestHeaders = HeaderMatcherReader.ReadAll(policy.RetriableRequestHeaders, context, "retriable_request_headers"),
            MaxHostSelections = policy.HostSelectionRetryMaxAttempts > 0 ? (int)Math.Min(policy.HostSelectionRetryMaxAttempts, int.MaxValue) : 1,
        };
        return RetrySelectionReader.Read(policy, result, context);
    }

    /// <summary>What is not known is passed over, as with Envoy and gRPC.</summary>
    private static RetryConditions ReadConditions(string retryOn)
    {
        var conditions = RetryConditions.None;
        foreach (var name in retryOn.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            conditions |= Conditions.GetValueOrDefault(name);
        }

        return conditions;
    }

    private static (TimeSpan Base, TimeSpan Max) ReadBackoff(RetryPolicy.Types.RetryBackOff? backOff, DecodeContext context)
    {
        if (backOff is null)
        {
            return (RetryPolicyConfig.DefaultBackoffBase, RetryPolicyConfig.DefaultBackoffBase * BackoffFactor);
        }

        using var scope = context.Enter("retry_back_off");
        var given = DurationReader.ReadPositive(backOff.BaseInterval, "base_interval", context);
        var max = DurationReader.ReadPositive(backOff.MaxInterval, "max_interval", context);
        if (backOff.BaseInterval is null)
        {
            context.Error("base_interval", "must be set (gRFC A44)");
        }

        if (max < given)
        {
            context.Error("max_interval", $"{max} must not be less than base_interval, {given} (gRFC A44)");
        }

        var @base = AtLeastOne(given ?? RetryPolicyConfig.DefaultBackoffBase);
        return (@base, max is { } limit ? AtLeastOne(limit) : Times(@base, BackoffFactor));
    }

    private static RateLimitedBackoffConfig? ReadRateLimited(RetryPolicy.Types.RateLimitedRetryBackOff? backOff, DecodeContext context)
    {
        if (backOff is null)
        {
            return null;
        }

        using var scope = context.Enter("rate_limited_retry_back_off");
        if (backOff.ResetHeaders.Count == 0)
        {
            context.Error("reset_headers", "must hold at least one header");
        }

        var headers = ImmutableArray.CreateBuilder<ResetHeaderConfig>(backOff.ResetHeaders.Count);
        for (var i = 0; i < backOff.ResetHeaders.Count; i++)
        {
            using var element = context.Enter("reset_headers", i);
            var header = backOff.ResetHeaders[i];
            if (header.Name.Length == 0)
            {
                context.Error("name", "must not be empty");
            }

            if (header.Format is not (RetryPolicy.Types.ResetHeaderFormat.Seconds or RetryPolicy.Types.ResetHeaderFormat.UnixTimestamp))
            {
                context.Error("format", $"{header.Format} must be SECONDS or UNIX_TIMESTAMP");
            }

            headers.Add(new ResetHeaderConfig(header.Name.ToLowerInvariant(), header.Format == RetryPolicy.Types.ResetHeaderFormat.UnixTimestamp));
        }

        return new RateLimitedBackoffConfig(headers.ToImmutable(), DurationReader.ReadPositive(backOff.MaxInterval, "max_interval", context) ?? RateLimitedBackoffConfig.DefaultMax);
    }

    private static TimeSpan AtLeastOne(TimeSpan interval) => interval < MinInterval ? MinInterval : interval;

    private static TimeSpan Times(TimeSpan interval, int factor) => interval > TimeSpan.MaxValue / factor ? TimeSpan.MaxValue : interval * factor;
}
