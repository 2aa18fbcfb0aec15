using ProxylessMesh.Clusters;
using ProxylessMesh.LoadBalancing;
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
internal readonly struct RoutedRequest(HttpRequestMessage original, MeshAuthority authority, ClusterState cluster, RoutedExtras? extras)
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
    public HttpRequestMessage Outgoing => extras?.Changed?.Outgoing ?? original;

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

    /// <inheritdoc cref="CallerRequest.Explanation"/>
    public RequestExplanation? Explanation => extras?.Explanation;

    /// <summary>The same with an attempt that is measured, as its call is.</summary>
    public RoutedRequest WithAttempt(MeasuredAttempt attempt) => new(original, authority, cluster, extras! with { Attempt = attempt });
}
