using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using ProxylessMesh.Http;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Benchmarks;

/// <summary>What telemetry costs a request while nobody listens and no span is current: everything that the road then asks, and no more.</summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "BenchmarkDotNet calls the clean-up.")]
public class TelemetryBenchmarks
{
    private readonly HttpRequestMessage _request = new(HttpMethod.Get, "http://orders/items/17");
    private readonly MeshAuthority _authority = new("orders", listener: null!); // is not asked for
    private Meter? _meter;
    private CallMetrics? _metrics;

    [GlobalSetup]
    public void Setup()
    {
        _meter = new Meter("benchmark");
        _metrics = new CallMetrics(_meter);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _meter!.Dispose();
        _request.Dispose();
    }

    [Benchmark]
    public bool NobodyListens()
    {
        var call = MeasuredCall.TryStart(_metrics!, TimeProvider.System, _request, _authority);
        var trace = TraceHeaders.Absent(_request);
        trace.Remove(_request);
        return call is null;
    }
}
