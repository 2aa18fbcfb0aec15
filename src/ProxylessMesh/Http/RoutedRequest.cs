using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Messages;
using ProxylessMesh.Resilience;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>
/// A request on its way to a cluster: what the road below routing needs of it, whatever number of endpoints it tries. Immutable, on the stack,
/// and small: it is part of the state of every request under way.
/// </summary>
/// <param name="original">The caller's request.</param>
/// <param name="authority">Where to begin anew, should the cluster be gone.</param>
/// <param name="cluster">The cluster.</param>
/// <param name="extras">What only some requests have.</param>
/// <param name="attempts">What its route says of its tries; <see langword="null"/> for nothing.</param>
/// <param name="start">When it began, where its route says something of its tries and it may be a gRPC call.</param>
internal readonly struct RoutedRequest(HttpRequestMessage original, MeshAuthority authority, ClusterState cluster, RoutedExtras? extras, AttemptRules? attempts = null, long start = 0)
{
    public HttpRequestMessage Original => original;

    public ClusterState Cluster => cluster;

    /// <summary>With which to begin anew.</summary>
    public CallerRequest Caller => new(original, authority, extras?.Call)
    {
        Deadline = extras?.Deadline,
        Waited = extras?.Waited ?? TimeSpan.Zero,
        IsFiltered = extras?.IsFiltered ?? false,
        Explanation = extras?.Explanation,
        Mirrored = extras?.Mirrored,
    };

    /// <summary>What becomes of it, where its route changes something.</summary>
    public ChangedRequest? Changed => extras?.Changed;

    /// <summary>What is sent.</summary>
    public HttpRequestMessage Outgoing => extras?.Try?.Message ?? extras?.Changed?.Outgoing ?? original;

    public AttemptRules? Attempts => attempts;

    /// <summary>The timestamp of its beginning, for what is left of a gRPC call's own time; 0 where <see cref="Attempts"/> is <see langword="null"/>, and without a body.</summary>
    public long Start => start;

    /// <summary>The try that it is, where there may be several.</summary>
    public RequestTry? Try => extras?.Try;

    /// <summary>The number of its try: 1 for the first.</summary>
    public int Number => extras?.Try?.Number ?? 1;

    /// <summary>The host that it was made for.</summary>
    public string Host => original.Headers.Host ?? authority.Host;

    /// <inheritdoc cref="CallerRequest.Explanation"/>
    public RequestExplanation? Explanation => extras?.Explanation;

    /// <summary>Whether its time is over, or that of this try.</summary>
    public bool IsTimeOver => extras is { } some && (some.Deadline is { IsExpired: true } || some.Try is { IsTimedOut: true });

    /// <summary>What the next hop is told of it.</summary>
    public HopHeaders Hop => extras?.Hop ?? default;

    /// <summary>The end of its time, where it has one.</summary>
    public RequestDeadline? Deadline => extras?.Deadline;

    /// <summary>The name of its route, where its time has an end.</summary>
    public string Route => extras?.Route ?? "";

    /// <summary>Its hash, for all of its attempts.</summary>
    public RequestHash Hash => extras?.Hash ?? RequestHash.None;

    /// <summary>The call's measurement, while somebody listens.</summary>
    public MeasuredCall? Call => extras?.Call;

    /// <summary>The attempt's measurement, once it has begun.</summary>
    public MeasuredAttempt? Attempt => extras?.Attempt;

    /// <summary>The same with an attempt that is measured, as its call is.</summary>
    public RoutedRequest WithAttempt(MeasuredAttempt attempt) => new(original, authority, cluster, extras! with { Attempt = attempt }, attempts, start);

    /// <summary>The same as one of its tries.</summary>
    public RoutedRequest WithTry(RequestTry next, in HopHeaders hop)
        => new(original, authority, cluster, (extras ?? new RoutedExtras()) with { Try = next, Hop = hop }, attempts, start);

    /// <summary>Whether it may be routed anew: not once a body that can be read only once may have been read.</summary>
    public bool TryRouteAnew()
    {
        if (Try is not { } current)
        {
            return true;
        }

        if (current.Number > 1 && original.Content is { } content && !ReplayBody.IsRepeatable(content))
        {
            return false;
        }

        current.RouteAnew();
        return true;
    }

    /// <summary>Why it ended, when its time is over.</summary>
    /// <param name="reset">Whether it was the time of this try alone.</param>
    public MeshFailure? TimeFailure(out TryReset reset)
    {
        reset = TryReset.None;
        if (Deadline is { IsExpired: true } deadline)
        {
            return MeshFailure.Timeout(deadline, Route, " before a response");
        }

        if (Try is not { IsTimedOut: true } timed)
        {
            return null;
        }

        reset = timed.IsIdleClock ? TryReset.IdleTimeout : TryReset.Timeout;
        return MeshFailure.TryTimeout(timed.Clock!.Limit, timed.IsIdleClock); // it is over: there is one
    }
}
