using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Tests.Telemetry;

/// <summary>Listens to the instruments of one mesh and keeps what they say, in words: <c>name{key=value,...}</c> and the value.</summary>
internal sealed class MeasurementLog : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Series, double Value)> _measurements = new();

    public MeasurementLog(MeshMeter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (meter.Owns(instrument))
            {
                Instruments.Enqueue(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public ConcurrentQueue<Instrument> Instruments { get; } = new();

    /// <summary>The series that said something, each time that they did.</summary>
    public IEnumerable<string> Series(string instrument)
        => _measurements.Where(measurement => measurement.Series.StartsWith($"{instrument}{{", StringComparison.Ordinal)).Select(measurement => measurement.Series);

    public IEnumerable<double> Values(string series) => _measurements.Where(measurement => measurement.Series == series).Select(measurement => measurement.Value);

    /// <summary>What the gauge shows now.</summary>
    public IReadOnlyDictionary<string, double> Collect(string gauge)
    {
        _measurements.Clear();
        _listener.RecordObservableInstruments();
        return _measurements.Where(measurement => measurement.Series.StartsWith($"{gauge}{{", StringComparison.Ordinal)).ToDictionary(measurement => measurement.Series, measurement => measurement.Value);
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        => _measurements.Enqueue(($"{instrument.Name}{{{string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}}}", value));
}
