namespace ProxylessMesh.Configuration;

/// <summary>
/// How many tries after a first may be under way to a cluster at once (<c>circuit_breakers.thresholds</c> of the default priority). A budget
/// takes the place of the fixed number.
/// </summary>
internal sealed record RetryLimitConfig
{
    /// <summary>Any number.</summary>
    public static readonly RetryLimitConfig None = new();

    /// <summary>What Envoy allows where nothing is said.</summary>
    public static readonly RetryLimitConfig EnvoyDefault = new() { MaxRetries = 3 };

    /// <summary><c>max_retries</c>; <see langword="null"/> for any number.</summary>
    public uint? MaxRetries { get; init; }

    /// <summary><c>retry_budget</c>; <see langword="null"/> where there is none.</summary>
    public RetryBudgetConfig? Budget { get; init; }
}

/// <summary>A share of the requests under way (<c>CircuitBreakers.Thresholds.RetryBudget</c>).</summary>
/// <param name="Percent"><c>budget_percent</c>: of the requests under way, from 0 to 100.</param>
/// <param name="MinConcurrency"><c>min_retry_concurrency</c>: how many there may always be.</param>
internal sealed record RetryBudgetConfig(double Percent, uint MinConcurrency)
{
    /// <summary>What <c>budget_percent</c> is where it is unset.</summary>
    public const double DefaultPercent = 20;

    /// <summary>What <c>min_retry_concurrency</c> is where it is unset.</summary>
    public const uint DefaultMinConcurrency = 3;
}
