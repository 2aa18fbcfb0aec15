using ProxylessMesh.Configuration;

namespace ProxylessMesh.Resilience;

/// <summary>How many retries may be under way to a cluster, so that they never are more than a share of what is asked of it anyway. Stateless.</summary>
internal static class RetryBudget
{
    /// <param name="limit">What the cluster says.</param>
    /// <param name="active">The requests under way to it.</param>
    public static uint Limit(RetryLimitConfig limit, int active)
        => limit.Budget is { } budget
            ? Math.Max((uint)(active * budget.Percent / 100), budget.MinConcurrency)
            : limit.MaxRetries ?? uint.MaxValue;
}
