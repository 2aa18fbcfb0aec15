using ProxylessMesh.Clusters;
using ProxylessMesh.Messages;
using ProxylessMesh.Resilience;

namespace ProxylessMesh.Http;

/// <summary>One try of a request that may be tried again: what is sent, and how it ended. Written by whoever sends it, read once it has ended.</summary>
/// <param name="number">1 for the first.</param>
internal sealed class RequestTry(int number) : IBodyObserver
{
    public int Number => number;

    /// <summary>What is sent: a copy of its own, so that nothing of one try is left for the next.</summary>
    public HttpRequestMessage? Message { get; init; }

    /// <summary>The end of this try's time; <see langword="null"/> for the request's alone.</summary>
    public RequestDeadline? Clock { get; init; }

    /// <summary>The end of the request's time.</summary>
    public RequestDeadline? Deadline { get; init; }

    /// <summary>Whether it is silence that <see cref="Clock"/> waits for (<c>per_try_idle_timeout</c>).</summary>
    public bool IsIdleClock { get; init; }

    /// <summary>Where it may go.</summary>
    public RetryTargets? Targets { get; init; }

    /// <summary>Cancels it, where it has company.</summary>
    public CancellationTokenSource? Cancellation { get; init; }

    public HttpResponseMessage? Response { get; private set; }

    public MeshFailure? Failure { get; private set; }

    /// <summary>Whether its policy would have it tried again.</summary>
    public bool IsRetriable { get; private set; }

    /// <summary>How it broke off, where it did.</summary>
    public TryReset Reset { get; private set; }

    /// <summary>Where it went; <see langword="null"/> when it went nowhere.</summary>
    public EndpointState? Endpoint { get; private set; }

    /// <summary>Whether the request was routed anew instead: what came of that is the caller's.</summary>
    public bool IsRoutedAnew { get; private set; }

    /// <summary>Whether this try's own time is over.</summary>
    public bool IsTimedOut => Clock is { IsExpired: true };

    /// <summary>The body has been sent in full.</summary>
    public void OnSent()
    {
        Deadline?.OnSent();
        Clock?.OnSent();
    }

    public bool AwaitsActivity => Deadline is { AwaitsActivity: true } || (IsIdleClock && Clock is not null);

    public void OnActivity() => Deadline?.OnActivity();

    public void Respond(HttpResponseMessage response, EndpointState endpoint, bool isRetriable)
    {
        Response = response;
        Endpoint = endpoint;
        IsRetriable = isRetriable;
    }

    public void Fail(MeshFailure failure, EndpointState? endpoint, TryReset reset, bool isRetriable)
    {
        Failure = failure;
        Endpoint = endpoint;
        Reset = reset;
        IsRetriable = isRetriable;
    }

    public void RouteAnew() => IsRoutedAnew = true;
}
