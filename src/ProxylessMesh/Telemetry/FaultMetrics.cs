using System.Diagnostics.Metrics;

namespace ProxylessMesh.Telemetry;

/// <summary>The metrics of injected faults, and how many there are at this moment. Thread-safe.</summary>
internal sealed class FaultMetrics
{
    private readonly Counter<long> _injected;
    private int _active;

    public FaultMetrics(Meter meter)
    {
        _injected = meter.CreateCounter<long>(TelemetryNames.Faults, "{fault}", "Number of faults that routes asked for and the mesh injected.");
        meter.CreateObservableUpDownCounter(TelemetryNames.ActiveFaults, () => (long)Active, "{request}", "Number of requests that are being delayed, or whose responses are being slowed down, on purpose.");
    }

    /// <summary>How many requests have a fault at this moment.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Counts a request as one with a fault, unless there are as many as there may be (gRFC A33: of the whole process).</summary>
    /// <param name="max">How many there may be.</param>
    public bool TryEnter(uint max)
    {
        if ((uint)Interlocked.Increment(ref _active) <= max)
        {
            return true;
        }

        Leave();
        return false;
    }

    /// <summary>The fault is over.</summary>
    public void Leave() => Interlocked.Decrement(ref _active);

    /// <param name="kind">What was done.</param>
    /// <param name="cluster">Where the request goes, or would have gone.</param>
    public void OnInjected(string kind, string cluster)
    {
        if (_injected.Enabled)
        {
            _injected.Add(1, new KeyValuePair<string, object?>(TelemetryNames.FaultKind, kind), new KeyValuePair<string, object?>(TelemetryNames.Cluster, cluster));
        }
    }
}
