using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Resilience;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>What only some requests have.</summary>
internal sealed record RoutedExtras
{
    /// <summary>For the many that have nothing but the number of the attempt to tell: Istio asks for it on every virtual host.</summary>
    private static readonly RoutedExtras CountingAttempts = new() { Hop = new HopHeaders(null, CountsAttempts: true, RequestId: null) };

    private static readonly RoutedExtras Filtered = new() { IsFiltered = true };

    private static readonly RoutedExtras FilteredCountingAttempts = CountingAttempts with { IsFiltered = true };

    public ChangedRequest? Changed { get; init; }

    public RequestDeadline? Deadline { get; init; }

    /// <inheritdoc cref="CallerRequest.Waited"/>
    public TimeSpan Waited { get; init; }

    /// <inheritdoc cref="CallerRequest.IsFiltered"/>
    public bool IsFiltered { get; init; }

    public string? Route { get; init; }

    public HopHeaders Hop { get; init; }

    public RequestHash Hash { get; init; }

    public MeasuredCall? Call { get; init; }

    public MeasuredAttempt? Attempt { get; init; }

    public RequestTry? Try { get; init; }

    /// <inheritdoc cref="CallerRequest.Explanation"/>
    public RequestExplanation? Explanation { get; init; }

    /// <inheritdoc cref="CallerRequest.Mirrored"/>
    public MirroredRequest? Mirrored { get; init; }

    /// <returns><see langword="null"/> for the request that has nothing of this, as most have.</returns>
    public static RoutedExtras? Of(in CallerRequest caller, ChangedRequest? changed, string route, in HopHeaders hop, RequestHash hash)
    {
        if (changed is not null
            || caller.Deadline is not null
            || hop.ExpectedTimeout is not null
            || hop.RequestId is not null
            || !hash.IsNone
            || caller.Call is not null
            || caller.Waited != TimeSpan.Zero
            || caller.Explanation is not null
            || (caller.Mirrored is not null && !ReferenceEquals(caller.Mirrored, MirroredRequest.Nowhere))) // one that goes nowhere else is drawn for once more where it is routed anew
        {
            return new RoutedExtras
            {
                Changed = changed,
                Deadline = caller.Deadline,
                Waited = caller.Waited,
                IsFiltered = caller.IsFiltered,
                Route = route,
                Hop = hop,
                Hash = hash,
                Call = caller.Call,
                Explanation = caller.Explanation,
                Mirrored = caller.Mirrored,
            };
        }

        return (hop.CountsAttempts, caller.IsFiltered) switch
        {
            (false, false) => null,
            (true, false) => CountingAttempts,
            (false, true) => Filtered,
            (true, true) => FilteredCountingAttempts,
        };
    }
}
