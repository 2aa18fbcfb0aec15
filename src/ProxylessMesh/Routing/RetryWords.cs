using System.Globalization;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Routing;

/// <summary>Says for a person when and how often a route tries again, in the words of <c>retry_on</c>. Stateless.</summary>
internal static class RetryWords
{
    private static readonly (RetryConditions Condition, string Word)[] Words =
    [
        (RetryConditions.ServerError, "5xx"),
        (RetryConditions.GatewayError, "gateway-error"),
        (RetryConditions.Reset, "reset"),
        (RetryConditions.ResetBeforeRequest, "reset-before-request"),
        (RetryConditions.ConnectFailure, "connect-failure"),
        (RetryConditions.RateLimited, "envoy-ratelimited"),
        (RetryConditions.Retriable4xx, "retriable-4xx"),
        (RetryConditions.RefusedStream, "refused-stream"),
        (RetryConditions.RetriableStatusCodes, "retriable-status-codes"),
        (RetryConditions.RetriableHeaders, "retriable-headers"),
        (RetryConditions.GrpcCancelled, "cancelled"),
        (RetryConditions.GrpcDeadlineExceeded, "deadline-exceeded"),
        (RetryConditions.GrpcInternal, "internal"),
        (RetryConditions.GrpcResourceExhausted, "resource-exhausted"),
        (RetryConditions.GrpcUnavailable, "unavailable"),
    ];

    /// <summary>All of a virtual host's retries; empty when no route has any.</summary>
    public static string Describe(VirtualHostConfig host)
    {
        var texts = new List<string>();
        foreach (var route in host.Routes)
        {
            if (route.Action is ForwardActionConfig { Retry: { MaxRetries: > 0 } policy })
            {
                texts.Add($"route '{route.Name}': {Describe(policy)}");
            }
        }

        return string.Join("; ", texts.Distinct());
    }

    public static string Describe(RetryPolicyConfig policy)
        => string.Create(CultureInfo.InvariantCulture, $"num_retries {policy.MaxRetries} on {string.Join(',', Words.Where(word => policy.Conditions.HasFlag(word.Condition)).Select(static word => word.Word))}");
}
