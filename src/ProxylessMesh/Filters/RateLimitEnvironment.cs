using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Filters;

/// <summary>What filters that limit rates share.</summary>
/// <param name="Metrics">Where limited requests are counted.</param>
/// <param name="Origin">Who they come from.</param>
/// <param name="Services">The services that filters ask.</param>
internal sealed record RateLimitEnvironment(RateLimitMetrics Metrics, RateLimitOrigin Origin, IRateLimitServices Services);
