namespace ProxylessMesh.ControlPlane.Model;

/// <summary>How an endpoint is picked (<c>loadBalancer.simple</c>).</summary>
internal enum LoadBalancerKind
{
    RoundRobin,
    LeastRequest,
}

/// <summary>What a DestinationRule says of the traffic to a host or a subset (<c>trafficPolicy</c>).</summary>
internal sealed record TrafficPolicy
{
    public static readonly TrafficPolicy None = new();

    /// <summary><see langword="null"/> when the policy does not say.</summary>
    public LoadBalancerChoice? LoadBalancer { get; init; }

    /// <summary>How many retries there may be at once; <see langword="null"/>: any number.</summary>
    public RetryBudget? RetryBudget { get; init; }

    /// <summary>A subset's policy over its rule's: each block that it has takes the place of the rule's.</summary>
    public TrafficPolicy Over(TrafficPolicy? rule) => rule is null ? this : new TrafficPolicy
    {
        LoadBalancer = LoadBalancer ?? rule.LoadBalancer,
        RetryBudget = RetryBudget ?? rule.RetryBudget,
    };
}

/// <summary>A <c>loadBalancer</c> block: one of the two, or neither.</summary>
/// <param name="Simple">A choice by name.</param>
/// <param name="Hash">By a hash of the request.</param>
internal sealed record LoadBalancerChoice(LoadBalancerKind? Simple, ConsistentHash? Hash);

/// <summary><c>retryBudget</c>.</summary>
/// <param name="Percent">Of the requests under way, which may be retries.</param>
/// <param name="MinConcurrency">How many there may always be.</param>
internal sealed record RetryBudget(double Percent, int MinConcurrency)
{
    public const double DefaultPercent = 20;
    public const int DefaultMinConcurrency = 3;
}
