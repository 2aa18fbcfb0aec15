using System.Diagnostics.Metrics;

namespace ProxylessMesh.Telemetry;

/// <summary>The metrics of limited requests. Thread-safe.</summary>
internal sealed class RateLimitMetrics
{
    private readonly Counter<long> _local;
    private readonly Counter<long> _global;

    public RateLimitMetrics(Meter meter)
    {
        _local = meter.CreateCounter<long>(TelemetryNames.LocalRateLimits, "{request}", "Number of requests that were counted by a local rate limit, by what became of them there.");
        _global = meter.CreateCounter<long>(TelemetryNames.RateLimits, "{request}", "Number of requests that a rate limit service was asked about, by what it answered.");
    }

    /// <param name="name">The filter's name in statistics.</param>
    /// <param name="outcome">What became of the request.</param>
    public void OnLocal(string name, string outcome) => Add(_local, name, outcome);

    /// <inheritdoc cref="OnLocal"/>
    public void OnGlobal(string name, string outcome) => Add(_global, name, outcome);

    private static void Add(Counter<long> counter, string name, string outcome)
    {
        if (counter.Enabled)
        {
            counter.Add(1, new KeyValuePair<string, object?>(TelemetryNames.RateLimitName, name), new KeyValuePair<string, object?>(TelemetryNames.RateLimitOutcome, outcome));
        }
    }
}
