using System.Net;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Messages;
using ProxylessMesh.Resilience;

namespace ProxylessMesh.Tests.Resilience;

public sealed class RetryDecisionTests
{
    /// <summary>Each row: a condition, a response as its status and perhaps one header, and whether it is tried again.</summary>
    [Theory]
    [InlineData((int)RetryConditions.None, 503, null, false)]
    [InlineData((int)RetryConditions.ServerError, 499, null, false)]
    [InlineData((int)RetryConditions.ServerError, 500, null, true)]
    [InlineData((int)RetryConditions.ServerError, 599, null, true)]
    [InlineData((int)RetryConditions.ServerError, 200, null, false)]
    [InlineData((int)RetryConditions.ServerError, 200, "grpc-status: 14", false)]
    [InlineData((int)RetryConditions.GatewayError, 500, null, false)]
    [InlineData((int)RetryConditions.GatewayError, 501, null, false)]
    [InlineData((int)RetryConditions.GatewayError, 502, null, true)]
    [InlineData((int)RetryConditions.GatewayError, 504, null, true)]
    [InlineData((int)RetryConditions.GatewayError, 505, null, false)]
    [InlineData((int)RetryConditions.Reset, 503, null, false)]
    [InlineData((int)RetryConditions.Retriable4xx, 409, null, true)]
    [InlineData((int)RetryConditions.Retriable4xx, 404, null, false)]
    [InlineData((int)RetryConditions.RetriableStatusCodes, 418, null, true)]
    [InlineData((int)RetryConditions.RetriableStatusCodes, 503, null, false)]
    [InlineData((int)RetryConditions.RetriableHeaders, 200, "x-retry: 1", true)]
    [InlineData((int)RetryConditions.RetriableHeaders, 200, "x-retry: 2", false)]
    [InlineData((int)RetryConditions.RetriableHeaders, 200, null, false)]
    [InlineData((int)RetryConditions.RateLimited, 429, "x-envoy-ratelimited: true", true)]
    [InlineData((int)RetryConditions.RateLimited, 429, null, false)]
    [InlineData((int)RetryConditions.ServerError, 503, "x-envoy-ratelimited: true", false)]
    [InlineData((int)RetryConditions.ServerError, 503, "x-envoy-overloaded: true", true)]
    [InlineData((int)RetryConditions.GrpcCancelled, 200, "grpc-status: 1", true)]
    [InlineData((int)RetryConditions.GrpcDeadlineExceeded, 200, "grpc-status: 4", true)]
    [InlineData((int)RetryConditions.GrpcResourceExhausted, 200, "grpc-status: 8", true)]
    [InlineData((int)RetryConditions.GrpcInternal, 200, "grpc-status: 13", true)]
    [InlineData((int)RetryConditions.GrpcUnavailable, 200, "grpc-status: 14", true)]
    [InlineData((int)RetryConditions.GrpcUnavailable, 200, "grpc-status: 0", false)]
    [InlineData((int)RetryConditions.GrpcUnavailable, 200, "grpc-status: 13", false)]
    [InlineData((int)RetryConditions.GrpcUnavailable, 503, null, false)]
    public void IsRetriable_Response_IsAsTheConditionSays(int conditions, int status, string? header, bool expected)
    {
        var policy = new RetryPolicyConfig
        {
            Conditions = (RetryConditions)conditions,
            RetriableStatusCodes = [418],
            RetriableHeaders = [HeaderMatcher.String("x-retry", StringMatcher.Exact("1"))],
        };
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        if (header is not null)
        {
            response.Headers.Add(header.Split(": ")[0], header.Split(": ")[1]);
        }

        Assert.Equal(expected, RetryDecision.IsRetriable(policy, response));
    }

    /// <summary>Each row: a condition, and the resets that it tries again.</summary>
    public static TheoryData<int, int[]> Resets() => new()
    {
        { (int)RetryConditions.ServerError, All() },
        { (int)RetryConditions.GatewayError, All() },
        { (int)RetryConditions.Reset, All() },
        { (int)RetryConditions.ResetBeforeRequest, [(int)TryReset.ConnectFailure] },
        { (int)RetryConditions.ConnectFailure, [(int)TryReset.ConnectFailure] },
        { (int)RetryConditions.RefusedStream, [(int)TryReset.Refused] },
        { (int)RetryConditions.RetriableStatusCodes, [] },
        { (int)RetryConditions.GrpcUnavailable, [] },
    };

    [Theory]
    [MemberData(nameof(Resets))]
    public void IsRetriable_Reset_IsAsTheConditionSays(int conditions, int[] expected)
    {
        var policy = new RetryPolicyConfig { Conditions = (RetryConditions)conditions };

        Assert.Equal(expected, All().Where(reset => RetryDecision.IsRetriable(policy, (TryReset)reset, isGrpc: false)));
        Assert.False(RetryDecision.IsRetriable(policy, TryReset.None, isGrpc: true));
    }

    [Fact]
    public void IsRetriable_CallThatBrokeOffAsGrpcReadsIt_IsUnavailableUnlessItsTimeWasOver()
    {
        var policy = new RetryPolicyConfig { Conditions = RetryConditions.GrpcUnavailable };

        Assert.Equal(
            [(int)TryReset.ConnectFailure, (int)TryReset.Refused, (int)TryReset.Reset, (int)TryReset.ProtocolError],
            All().Where(reset => RetryDecision.IsRetriable(policy, (TryReset)reset, isGrpc: true)));
    }

    [Theory]
    [InlineData("x-other", false)]
    [InlineData("x-may", true)]
    public void IsEligible_RetriableRequestHeaders_OneHasToBeThere(string header, bool expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { { header, "1" } } };
        var policy = new RetryPolicyConfig { RetriableRequestHeaders = [HeaderMatcher.Present("x-may"), HeaderMatcher.Present("x-more")] };

        Assert.Equal(expected, RetryDecision.IsEligible(policy, new RequestHeaders(request, "orders")));
        Assert.True(RetryDecision.IsEligible(new RetryPolicyConfig(), new RequestHeaders(request, "orders")));
    }

    /// <summary>Each row: <c>grpc-retry-pushback-ms</c>, whether it stops, and the milliseconds to wait.</summary>
    [Theory]
    [InlineData(new string[0], false, null)]
    [InlineData(new[] { "0" }, false, 0)]
    [InlineData(new[] { "50" }, false, 50)]
    [InlineData(new[] { "-1" }, true, null)]
    [InlineData(new[] { "x" }, true, null)]
    [InlineData(new[] { "" }, true, null)]
    [InlineData(new[] { "99999999999" }, true, null)]
    [InlineData(new[] { "1", "2" }, true, null)]
    public void Pushback_Header_StopsUnlessItIsATime(string[] values, bool stops, int? after)
    {
        using var response = new HttpResponseMessage();
        response.Headers.Add("grpc-retry-pushback-ms", values);

        Assert.Equal(new RetryPushback(stops, after is { } wait ? TimeSpan.FromMilliseconds(wait) : null), RetryPushback.Of(response));
    }

    private static int[] All() => [.. Enum.GetValues<TryReset>().Where(static reset => reset != TryReset.None).Select(static reset => (int)reset)];
}
