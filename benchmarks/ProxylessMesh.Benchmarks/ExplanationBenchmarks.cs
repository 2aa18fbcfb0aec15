using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Http;

namespace ProxylessMesh.Benchmarks;

/// <summary>What explanations cost a request that nobody asks about, with a logger as an application has it, at level Information.</summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "BenchmarkDotNet calls the clean-up.")]
public class ExplanationBenchmarks
{
    private readonly HttpRequestMessage _request = new(HttpMethod.Get, "http://orders/items/17");
    private readonly MeshAuthority _authority = new("orders", listener: null!); // is not asked for
    private ILoggerFactory? _loggers;
    private RequestExplainer? _explainer;
    private MeshExplanationCapture? _elsewhere;

    [GlobalSetup]
    public void Setup()
    {
        _loggers = LoggerFactory.Create(static logging => logging.AddProvider(NullLoggerProvider.Instance).SetMinimumLevel(LogLevel.Information));
        _explainer = new RequestExplainer(_loggers.CreateLogger<MeshExplanation>());
    }

    [GlobalSetup(Target = nameof(SomebodyElseAsks))]
    public void SetupElsewhere()
    {
        Setup();

        // Opened in a flow of its own, which ends at once; the capture stays open.
        var thread = new Thread(() => _elsewhere = MeshExplanation.Capture());
        thread.Start();
        thread.Join();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _elsewhere?.Dispose();
        _loggers!.Dispose();
        _request.Dispose();
    }

    [Benchmark]
    public bool NobodyAsks() => _explainer!.TryStart(_request, _authority) is null;

    [Benchmark]
    public bool SomebodyElseAsks() => _explainer!.TryStart(_request, _authority) is null;
}
