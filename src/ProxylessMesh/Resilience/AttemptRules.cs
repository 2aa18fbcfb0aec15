using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Resilience;

/// <summary>What a route has to say of the tries of its requests. Immutable; made with the route table. Most routes have none.</summary>
internal sealed class AttemptRules
{
    private static readonly RetryPolicyConfig Never = new();

    private AttemptRules(ForwardActionConfig action, bool countsInResponse)
    {
        Retry = action.Retry ?? Never;
        Hedge = IsHedged(action) ? action.Hedge : null;
        BufferLimit = (int)Math.Min(action.RetryBufferLimit ?? ReplayBody.DefaultLimit, int.MaxValue);
        CountsInResponse = countsInResponse;
    }

    /// <summary>When there is another try; one without conditions where there never is.</summary>
    public RetryPolicyConfig Retry { get; }

    /// <summary>When several are under way at once; <see langword="null"/> for never.</summary>
    public HedgePolicyConfig? Hedge { get; }

    /// <summary>How much of a body that cannot be read twice is kept for another try, in bytes.</summary>
    public int BufferLimit { get; }

    /// <summary>Whether the response says how many tries it took.</summary>
    public bool CountsInResponse { get; }

    /// <summary>Whether there may be more than one try.</summary>
    public bool MayRepeat => Retry.Conditions != RetryConditions.None || Hedge is not null;

    /// <summary>Whether the first try needs a watch of its own, or company.</summary>
    public bool WatchesTries => Retry.PerTryTimeout > TimeSpan.Zero || Retry.PerTryIdleTimeout > TimeSpan.Zero || Hedge is not null;

    /// <returns><see langword="null"/> where there is nothing to say.</returns>
    public static AttemptRules? Of(ForwardActionConfig action, bool countsInResponse)
    {
        var rules = new AttemptRules(action, countsInResponse);
        return rules.MayRepeat || rules.WatchesTries || countsInResponse ? rules : null;
    }

    private static bool IsHedged(ForwardActionConfig action) => action.Hedge is { } hedge
        && (hedge.InitialRequests > 1 || hedge.AdditionalRequestChance.Numerator > 0 || (hedge.OnPerTryTimeout && action.Retry?.PerTryTimeout > TimeSpan.Zero));
}
