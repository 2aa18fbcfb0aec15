using System.Diagnostics.Metrics;

namespace ProxylessMesh.Telemetry;

/// <summary>The meter of one mesh with all its instruments: the container's where there is one, which then ends it, or an own one.</summary>
internal sealed class MeshMeter : IDisposable
{
    private readonly Meter? _owned;

    /// <param name="factory">The container's, or <see langword="null"/>.</param>
    public MeshMeter(IMeterFactory? factory)
    {
        var options = new MeterOptions(MeshTelemetry.MeterName) { Version = typeof(MeshMeter).Assembly.GetName().Version?.ToString(3) };
        var meter = factory?.Create(options) ?? (_owned = new Meter(options));
        XdsClient = new XdsClientMetrics(meter);
        Calls = new CallMetrics(meter);
    }

    public XdsClientMetrics XdsClient { get; }

    public CallMetrics Calls { get; }

    public void Dispose() => _owned?.Dispose();
}
