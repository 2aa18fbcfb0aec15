using Envoy.Config.Cluster.V3;
using Envoy.Config.Core.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads how many retries a cluster takes at once.</summary>
internal static class RetryLimitReader
{
    private const double MaxPercent = 100;

    /// <summary>The first thresholds of the default priority count, as with Envoy. gRPC knows no limit where none is given (gRFC A44).</summary>
    public static RetryLimitConfig Read(CircuitBreakers? breakers, DecodeContext context)
    {
        var unset = context.Dialect == XdsDialect.Envoy ? RetryLimitConfig.EnvoyDefault : RetryLimitConfig.None;
        var found = default(RetryLimitConfig);
        for (var i = 0; i < breakers?.Thresholds.Count; i++)
        {
            using var scope = context.Enter("circuit_breakers");
            using var element = context.Enter("thresholds", i);
            var thresholds = breakers.Thresholds[i];
            var budget = ReadBudget(thresholds.RetryBudget, context);
            if (thresholds.Priority == RoutingPriority.Default)
            {
                found ??= new RetryLimitConfig { MaxRetries = thresholds.MaxRetries ?? unset.MaxRetries, Budget = budget };
            }

            if (IsLimit(thresholds.MaxConnections) || IsLimit(thresholds.MaxPendingRequests) || IsLimit(thresholds.MaxRequests) || IsLimit(thresholds.MaxConnectionPools))
            {
                context.WarnNoEffect("circuit breakers other than those of retries", "");
            }
        }

        if (breakers?.PerHostThresholds.Count > 0)
        {
            context.WarnNoEffect("circuit breakers other than those of retries", "circuit_breakers.per_host_thresholds");
        }

        return found ?? unset;
    }

    /// <summary>Istio says that there is no limit by the largest number.</summary>
    private static bool IsLimit(uint? threshold) => threshold is not (null or uint.MaxValue);

    private static RetryBudgetConfig? ReadBudget(CircuitBreakers.Types.Thresholds.Types.RetryBudget? budget, DecodeContext context)
    {
        if (budget is null)
        {
            return null;
        }

        var percent = budget.BudgetPercent?.Value ?? RetryBudgetConfig.DefaultPercent;
        if (!(percent >= 0 && percent <= MaxPercent))
        {
            context.Error("retry_budget.budget_percent", $"{percent} must be from 0 to {MaxPercent}");
        }

        return new RetryBudgetConfig(percent, budget.MinRetryConcurrency ?? RetryBudgetConfig.DefaultMinConcurrency);
    }
}
