using BenchmarkDotNet.Attributes;
using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;

namespace ProxylessMesh.Benchmarks;

/// <summary>One pick among the endpoints of one locality, weights equal and unequal.</summary>
[MemoryDiagnoser]
public class PickBenchmarks
{
    private static readonly RingHashConfig Ring = new(RingHashConfig.DefaultMinSize, RingHashConfig.SizeLimit);
    private static readonly MaglevConfig Maglev = new(MaglevConfig.DefaultTableSize);

    private readonly PickContext _context = new(SharedRandomSource.Instance);
    private EndpointPicker _roundRobin = EmptyPicker.Instance;
    private EndpointPicker _weightedRoundRobin = EmptyPicker.Instance;
    private EndpointPicker _leastRequest = EmptyPicker.Instance;
    private EndpointPicker _weightedLeastRequest = EmptyPicker.Instance;
    private EndpointPicker _ringHash = EmptyPicker.Instance;
    private EndpointPicker _maglev = EmptyPicker.Instance;
    private EndpointPicker _randomly = EmptyPicker.Instance;
    private ulong _hash;

    [Params(3, 100, 10_000)]
    public int Endpoints { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var leastRequest = new LeastRequestConfig(LeastRequestConfig.DefaultChoiceCount);
        _roundRobin = Create(RoundRobinConfig.Instance, static _ => 1);
        _weightedRoundRobin = Create(RoundRobinConfig.Instance, static i => (uint)(i % 10) + 1);
        _leastRequest = Create(leastRequest, static _ => 1);
        _weightedLeastRequest = Create(leastRequest, static i => (uint)(i % 10) + 1);
        _ringHash = Create(Ring, static _ => 1);
        _maglev = Create(Maglev, static _ => 1);
        _randomly = Create(new RandomConfig(WeighsLocalities: false), static _ => 1);
    }

    [Benchmark]
    public int RoundRobin() => _roundRobin.Pick(in _context).Index;

    [Benchmark]
    public int WeightedRoundRobin() => _weightedRoundRobin.Pick(in _context).Index;

    [Benchmark]
    public int LeastRequest() => _leastRequest.Pick(in _context).Index;

    [Benchmark]
    public int WeightedLeastRequest() => _weightedLeastRequest.Pick(in _context).Index;

    /// <summary>Every request with another hash.</summary>
    [Benchmark]
    public int RingHash() => _ringHash.Pick(_context with { Hash = NextHash() }).Index;

    [Benchmark]
    public int MaglevTable() => _maglev.Pick(_context with { Hash = NextHash() }).Index;

    [Benchmark]
    public int Random() => _randomly.Pick(in _context).Index;

    /// <summary>What an update of the endpoints costs: the records, the schedule and the picker.</summary>
    [Benchmark]
    public object BuildWeightedRoundRobin() => Create(RoundRobinConfig.Instance, static i => (uint)(i % 10) + 1);

    [Benchmark]
    public object BuildRingHash() => Create(Ring, static _ => 1);

    [Benchmark]
    public object BuildMaglev() => Create(Maglev, static i => (uint)(i % 10) + 1);

    private RequestHash NextHash() => new(_hash += 0x9e37_79b9_7f4a_7c15);

    private EndpointPicker Create(LoadBalancerConfig config, Func<int, uint> weight)
    {
        var locality = new LocalityConfig(
            new Locality("region", "zone", ""),
            0,
            1,
            [.. Enumerable.Range(0, Endpoints).Select(i => new EndpointConfig(EndpointAddress.Tcp("127.0.0.1", 1 + i), weight(i)))]);
        var loads = Enumerable.Range(0, Endpoints).Select(static i => new Load(i % 5)).ToArray();
        return EndpointPickerFactory.Create(new EndpointsConfig { ClusterName = "cluster", Localities = [locality] }, config, loads, SharedRandomSource.Instance);
    }

    private sealed record Load(int ActiveRequests) : IEndpointLoad
    {
        public bool IsBackingOff => false;
    }
}
