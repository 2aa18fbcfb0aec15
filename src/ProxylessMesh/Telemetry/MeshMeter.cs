using System.Diagnostics.Metrics;

namespace ProxylessMesh.Telemetry;

/// <summary>The meter of one mesh with all its instruments: the container's where there is one, which then ends it, or an own one.</summary>
internal sealed class MeshMeter : IDisposable
{
    private readonly Meter _meter;
    private readonly bool _isOwned;

    /// <param name="factory">The container's, or <see langword="null"/>.</param>
    public MeshMeter(IMeterFactory? factory)
    {
        var options = new MeterOptions(MeshTelemetry.MeterName) { Version = MeshTelemetry.Version };
        _isOwned = factory is null;
        _meter = factory?.Create(options) ?? new Meter(options);
        XdsClient = new XdsClientMetrics(_meter);
        Calls = new CallMetrics(_meter);
        Faults = new FaultMetrics(_meter);
        RateLimits = new RateLimitMetrics(_meter);
    }

    public XdsClientMetrics XdsClient { get; }

    public CallMetrics Calls { get; }

    public FaultMetrics Faults { get; }

    public RateLimitMetrics RateLimits { get; }

    /// <summary>Whether the instrument is this mesh's, and not another one's of the same name.</summary>
    public bool Owns(Instrument instrument) => ReferenceEquals(instrument.Meter, _meter);

    public void Dispose()
    {
        if (_isOwned)
        {
            _meter.Dispose();
        }
    }
}
