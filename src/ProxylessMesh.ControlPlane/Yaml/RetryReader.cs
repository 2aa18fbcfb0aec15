using System.Collections.Immutable;
using System.Globalization;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads retries: of a VirtualService's route, the mesh's default, and of a Gateway API rule.</summary>
internal static class RetryReader
{
    /// <summary>What <c>attempts</c> of the Gateway API is where it is unset.</summary>
    private const int DefaultAttempts = 2;

    private const int MinCode = 100;
    private const int MaxCode = 599;

    private static readonly string[] Known =
    [
        "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited", "retriable-4xx", "refused-stream",
        "retriable-status-codes", "retriable-headers", "http3-post-connect-failure",
        "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
    ];

    public static HttpRetry Read(FieldReader retries)
    {
        var conditions = ImmutableArray.CreateBuilder<string>();
        var codes = ImmutableArray.CreateBuilder<int>();
        foreach (var token in (retries.Scalar("retryOn") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            {
                CheckCode(code, retries);
                codes.Add(code);
            }
            else
            {
                CheckCondition(token, retries);
                conditions.Add(token);
            }
        }

        var result = new HttpRetry
        {
            Attempts = (int)(retries.Integer("attempts", int.MinValue, int.MaxValue) ?? 0),
            Conditions = conditions.ToImmutable(),
            StatusCodes = codes.ToImmutable(),
            PerTryTimeout = ReadTime(retries, "perTryTimeout"),
            Backoff = ReadTime(retries, "backoff"),
            RetriesRemoteLocalities = retries.Boolean("retryRemoteLocalities"),
            AvoidsPreviousHosts = retries.Has("retryIgnorePreviousHosts") ? retries.Boolean("retryIgnorePreviousHosts") : null,
        };
        retries.Finish();
        WarnOfNone(result, retries);
        return result;
    }

    /// <summary><c>retry</c> of a Gateway API rule: the conditions are those of Istio, and the codes.</summary>
    public static HttpRetry ReadGateway(FieldReader retry)
    {
        var codes = retry.Integers("codes", MinCode, MaxCode);
        var result = new HttpRetry
        {
            Attempts = (int)(retry.Integer("attempts", int.MinValue, int.MaxValue) ?? DefaultAttempts),
            Conditions = ["connect-failure", "refused-stream", "unavailable", "cancelled"],
            StatusCodes = [.. codes.Select(code => (int)code)],
            Backoff = ReadTime(retry, "backoff"),
        };
        retry.Finish();
        return result;
    }

    // Zero of either would be no limit and no wait; Istio refuses what is below a millisecond too.
    private static TimeSpan? ReadTime(FieldReader retries, string key)
    {
        var time = DurationFieldReader.Read(retries, key);
        if (time < TimeSpan.FromMilliseconds(1))
        {
            retries.Error(key, "must be at least 1ms");
        }

        return time;
    }

    private static void CheckCode(int code, FieldReader retries)
    {
        if (code is < MinCode or > MaxCode)
        {
            retries.Error("retryOn", $"{code} is no HTTP status: write one from {MinCode} to {MaxCode}");
        }
    }

    private static void CheckCondition(string token, FieldReader retries)
    {
        if (!Known.Contains(token))
        {
            retries.Error("retryOn", $"'{token}' is no condition; known: {string.Join(", ", Known)}, and HTTP statuses");
        }
    }

    private static void WarnOfNone(HttpRetry result, FieldReader retries)
    {
        foreach (var key in (string[])["retryOn", "perTryTimeout", "backoff", "retryRemoteLocalities", "retryIgnorePreviousHosts"])
        {
            if (result.Attempts <= 0 && retries.Has(key))
            {
                retries.Warning(key, "has no effect: without attempts from 1 there are no retries");
            }
        }
    }
}
