using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Filters;

/// <summary>What the filters of one mesh share.</summary>
/// <param name="TimeProvider">For delays, rates and what headers say of the time.</param>
/// <param name="Random">Draws for shares of requests.</param>
/// <param name="Faults">Where injected faults are counted.</param>
internal sealed record FilterEnvironment(TimeProvider TimeProvider, IRandomSource Random, FaultMetrics Faults)
{
    /// <summary>Where filters log to.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>For those that limit rates.</summary>
    /// <exception cref="InvalidOperationException">Nobody has given it.</exception>
    public RateLimitEnvironment RateLimits { get => field ?? throw new InvalidOperationException("No filter of this environment can limit rates."); init; }
}
