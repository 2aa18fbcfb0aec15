using System.Globalization;

namespace ProxylessMesh.Http;

/// <summary>
/// What the next hop is told of a request's attempt, on request of the routes. A request that is sent as its caller made it bears these
/// headers only while it is sent, which is cheaper than a copy. Immutable, on the stack.
/// </summary>
/// <param name="ExpectedTimeout"><c>x-envoy-expected-rq-timeout-ms</c>, or <see langword="null"/> for none.</param>
/// <param name="CountsAttempts">Whether to say the number of the attempt (<c>include_request_attempt_count</c>).</param>
/// <param name="RequestId"><c>x-request-id</c> for a request that has none itself, or <see langword="null"/>.</param>
internal readonly record struct HopHeaders(string? ExpectedTimeout, bool CountsAttempts, string? RequestId)
{
    private const string TimeoutName = "x-envoy-expected-rq-timeout-ms";
    private const string AttemptName = "x-envoy-attempt-count";
    private const string FirstAttempt = "1";

    /// <summary>The number of the attempt; 0 is the first as well.</summary>
    public int Attempt { get; init; }

    private bool IsEmpty => ExpectedTimeout is null && !CountsAttempts;

    /// <summary>Whether the caller's request bears one of the headers itself: then a copy has to differ from it.</summary>
    public bool Replaces(HttpRequestMessage request)
        => !IsEmpty && ((ExpectedTimeout is not null && request.Headers.NonValidated.Contains(TimeoutName)) || (CountsAttempts && request.Headers.NonValidated.Contains(AttemptName)));

    /// <param name="request">What is sent.</param>
    /// <param name="isCopy">Whether it is a copy, which may bear the headers of the caller or of the endpoint before; the caller's own request does not.</param>
    public void AddTo(HttpRequestMessage request, bool isCopy)
    {
        if (isCopy)
        {
            RemoveFrom(request);
        }

        if (ExpectedTimeout is not null)
        {
            request.Headers.TryAddWithoutValidation(TimeoutName, ExpectedTimeout);
        }

        if (CountsAttempts)
        {
            request.Headers.TryAddWithoutValidation(AttemptName, Attempt <= 1 ? FirstAttempt : Attempt.ToString(CultureInfo.InvariantCulture));
        }

        if (RequestId is not null)
        {
            request.Headers.TryAddWithoutValidation(MeshRequestId.HeaderName, RequestId);
        }
    }

    /// <summary>Says in the response how many attempts it took (<c>include_attempt_count_in_response</c>).</summary>
    public static void Count(HttpResponseMessage response, int attempts)
    {
        response.Headers.Remove(AttemptName);
        response.Headers.TryAddWithoutValidation(AttemptName, attempts == 1 ? FirstAttempt : attempts.ToString(CultureInfo.InvariantCulture));
    }

    public void RemoveFrom(HttpRequestMessage request)
    {
        if (ExpectedTimeout is not null)
        {
            request.Headers.Remove(TimeoutName);
        }

        if (CountsAttempts)
        {
            request.Headers.Remove(AttemptName);
        }

        if (RequestId is not null)
        {
            request.Headers.Remove(MeshRequestId.HeaderName);
        }
    }
}
