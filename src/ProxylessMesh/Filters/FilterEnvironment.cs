using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Filters;

/// <summary>What the filters of one mesh share.</summary>
/// <param name="TimeProvider">For delays, rates and what headers say of the time.</param>
/// <param name="Random">Draws for shares of requests.</param>
/// <param name="Faults">Where injected faults are counted.</param>
internal sealed record FilterEnvironment(TimeProvider TimeProvider, IRandomSource Random, FaultMetrics Faults)
{
    /// <summary>Where limited requests are counted.</summary>
    public required RateLimitMetrics RateLimits { get; init; }

    /// <summary>Who limited requests come from.</summary>
    public required RateLimitOrigin Origin { get; init; }

    /// <summary>The services that filters ask.</summary>
    public required IRateLimitServices RateLimitServices { get; init; }
}
