using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Resilience;

namespace ProxylessMesh.Http;

/// <summary>What only some requests have.</summary>
internal sealed record RoutedExtras
{
    /// <summary>For the many that have nothing but the number of the attempt to tell: Istio asks for it on every virtual host.</summary>
    private static readonly RoutedExtras CountingAttempts = new() { Hop = new HopHeaders(null, CountsAttempts: true) };

    public ChangedRequest? Changed { get; init; }

    public RequestDeadline? Deadline { get; init; }

    /// <inheritdoc cref="CallerRequest.Waited"/>
    public TimeSpan Waited { get; init; }

    public string? Route { get; init; }

    public HopHeaders Hop { get; init; }

    public RequestHash Hash { get; init; }

    public MeasuredCall? Call { get; init; }

    public MeasuredAttempt? Attempt { get; init; }

    /// <returns><see langword="null"/> for the request that has nothing of this, as most have.</returns>
    public static RoutedExtras? Of(in CallerRequest caller, ChangedRequest? changed, string route, in HopHeaders hop, RequestHash hash)
    {
        if (changed is not null || caller.Deadline is not null || hop.ExpectedTimeout is not null || !hash.IsNone || caller.Call is not null || caller.Waited != TimeSpan.Zero)
        {
            return new RoutedExtras { Changed = changed, Deadline = caller.Deadline, Waited = caller.Waited, Route = route, Hop = hop, Hash = hash, Call = caller.Call };
        }

        return hop.CountsAttempts ? CountingAttempts : null;
    }
}
