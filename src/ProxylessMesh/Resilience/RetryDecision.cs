using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Resilience;

/// <summary>
/// Whether the end of a try is one that its policy would have tried again: the conditions of Envoy's router and the statuses of gRFC A44. How
/// often, and whether there is room for it, is for others to say. Stateless.
/// </summary>
internal static class RetryDecision
{
    private const RetryConditions GrpcStatuses = RetryConditions.GrpcCancelled | RetryConditions.GrpcDeadlineExceeded | RetryConditions.GrpcInternal
        | RetryConditions.GrpcResourceExhausted | RetryConditions.GrpcUnavailable;

    /// <summary>Whether a request may be tried again at all (<c>retriable_request_headers</c>).</summary>
    public static bool IsEligible<THeaders>(RetryPolicyConfig policy, in THeaders headers)
        where THeaders : struct, IRequestHeaders
    {
        if (policy.RetriableRequestHeaders.IsEmpty)
        {
            return true;
        }

        foreach (var header in policy.RetriableRequestHeaders)
        {
            if (header.IsMatch(headers.GetHeader(header.Name)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Judges a response by its status and headers. A gRPC call that failed shows its status there if it is a Trailers-Only response, and only then:
    /// after headers or messages, the caller has seen them.
    /// </summary>
    public static bool IsRetriable(RetryPolicyConfig policy, HttpResponseMessage response)
    {
        var on = policy.Conditions;
        if (on == RetryConditions.None)
        {
            return false;
        }

        // 1. One that limits rates has the say over all other conditions.
        if (response.Headers.NonValidated.Contains("x-envoy-ratelimited"))
        {
            return on.HasFlag(RetryConditions.RateLimited);
        }

        // 2. By status.
        var status = (int)response.StatusCode;
        if ((status is >= 500 and <= 599 && on.HasFlag(RetryConditions.ServerError))
            || (status is >= 502 and <= 504 && on.HasFlag(RetryConditions.GatewayError))
            || (status == (int)HttpStatusCode.Conflict && on.HasFlag(RetryConditions.Retriable4xx))
            || (on.HasFlag(RetryConditions.RetriableStatusCodes) && policy.RetriableStatusCodes.Contains(status)))
        {
            return true;
        }

        // 3. By header.
        return (on.HasFlag(RetryConditions.RetriableHeaders) && MatchesAny(policy, response))
            || ((on & GrpcStatuses) != 0 && response.Headers.NonValidated.TryGetValues("grpc-status", out var grpc) && IsRetriable(on, grpc.ToString()));
    }

    /// <summary>Judges a try that ended without a response.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="reset">How it ended.</param>
    /// <param name="isGrpc">Whether it is a gRPC call read as gRPC reads it: one that broke off is UNAVAILABLE there, a status like any other.</param>
    public static bool IsRetriable(RetryPolicyConfig policy, TryReset reset, bool isGrpc)
    {
        var on = policy.Conditions;
        if (reset == TryReset.None)
        {
            return false;
        }

        return (on & (RetryConditions.Reset | RetryConditions.ServerError | RetryConditions.GatewayError)) != 0
            || (reset == TryReset.ConnectFailure && (on & (RetryConditions.ConnectFailure | RetryConditions.ResetBeforeRequest)) != 0)
            || (reset == TryReset.Refused && on.HasFlag(RetryConditions.RefusedStream))
            || (isGrpc && reset is not (TryReset.Timeout or TryReset.IdleTimeout) && on.HasFlag(RetryConditions.GrpcUnavailable));
    }

    private static bool IsRetriable(RetryConditions on, string grpcStatus) => grpcStatus switch
    {
        "1" => on.HasFlag(RetryConditions.GrpcCancelled),
        "4" => on.HasFlag(RetryConditions.GrpcDeadlineExceeded),
        "8" => on.HasFlag(RetryConditions.GrpcResourceExhausted),
        "13" => on.HasFlag(RetryConditions.GrpcInternal),
        "14" => on.HasFlag(RetryConditions.GrpcUnavailable),
        _ => false,
    };

    private static bool MatchesAny(RetryPolicyConfig policy, HttpResponseMessage response)
    {
        foreach (var header in policy.RetriableHeaders)
        {
            if (header.IsMatch(ValuesOf(response, header.Name)))
            {
                return true;
            }
        }

        return false;
    }

    private static StringValues ValuesOf(HttpResponseMessage response, string name)
        => name == ":status" ? ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture)
            : response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values) ? ToValues(values)
            : StringValues.Empty;

    private static StringValues ToValues(HeaderStringValues values) => values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]);
}
