using System.Diagnostics.Metrics;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Matching;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Tests.Filters;

/// <summary>Which requests get which faults: one row for each rule of Envoy's fault filter and gRFC A33.</summary>
public sealed class FaultFilterTests : IDisposable
{
    private static readonly FractionConfig Always = new(100, 100);
    private static readonly FractionConfig Half = new(500_000, 1_000_000);

    private readonly Meter _meter = new("test");
    private readonly ScriptedRandom _random = new();
    private readonly FaultMetrics _faults;

    public FaultFilterTests() => _faults = new FaultMetrics(_meter);

    public void Dispose() => _meter.Dispose();

    /// <summary>Each row: the abort's share as numerator/denominator, the number drawn, and whether the request is aborted.</summary>
    [Theory]
    [InlineData(0, 100, 0u, false)]
    [InlineData(1, 100, 0u, true)]
    [InlineData(1, 100, 1u, false)]
    [InlineData(99, 100, 98u, true)]
    [InlineData(99, 100, 99u, false)]
    [InlineData(25, 10_000, 24u, true)]
    [InlineData(25, 10_000, 25u, false)]
    [InlineData(1, 1_000_000, 1u, false)]
    [InlineData(100, 100, 99u, true)]
    [InlineData(200, 100, 99u, true)]
    public void Begin_Share_IsThatOfTheRequests(uint numerator, uint denominator, uint drawn, bool isAborted)
    {
        _random.Numbers.Enqueue(drawn);

        var action = Begin(new FaultConfig { Fingerprint = "", Abort = new FaultAbortConfig(new FractionConfig(numerator, denominator)) { HttpStatus = 503 } });

        Assert.Equal(isAborted, action is not null);
    }

    [Theory]
    [InlineData(0u, 0u, true, true)]
    [InlineData(0u, 900_000u, true, false)]
    [InlineData(900_000u, 0u, false, true)]
    [InlineData(900_000u, 900_000u, false, false)]
    public void Begin_DelayAndAbort_AreDrawnEachByItself(uint first, uint second, bool isDelayed, bool isAborted)
    {
        _random.Numbers.Enqueue(first);
        _random.Numbers.Enqueue(second);

        var action = Begin(new FaultConfig { Fingerprint = "", Delay = new FaultDelayConfig(TimeSpan.FromSeconds(1), Half), Abort = new FaultAbortConfig(Half) { HttpStatus = 503 } });

        Assert.Equal(isDelayed, action?.Delay is not null);
        Assert.Equal(isAborted, action?.Abort is not null);
        Assert.Empty(_random.Numbers);
    }

    /// <summary>Each row: the headers of a request that may say its faults by headers, and what it gets: delay, abort, rate.</summary>
    [Theory]
    [InlineData("", "- - -")]
    [InlineData("x-envoy-fault-delay-request: 120", "120ms - -")]
    [InlineData("x-envoy-fault-delay-request: 0", "- - -")]
    [InlineData("x-envoy-fault-delay-request: abc", "- - -")]
    [InlineData("x-envoy-fault-delay-request: -5", "- - -")]
    [InlineData("x-envoy-fault-abort-request: 503", "- http503 -")]
    [InlineData("x-envoy-fault-abort-request: 200", "- http200 -")]
    [InlineData("x-envoy-fault-abort-request: 599", "- http599 -")]
    [InlineData("x-envoy-fault-abort-request: 199", "- - -")]
    [InlineData("x-envoy-fault-abort-request: 600", "- - -")]
    [InlineData("x-envoy-fault-abort-request: 777", "- - -")]
    [InlineData("x-envoy-fault-abort-grpc-request: 5", "- grpc5 -")]
    [InlineData("x-envoy-fault-abort-grpc-request: 0", "- grpc0 -")]
    [InlineData("x-envoy-fault-abort-grpc-request: 4294967295", "- grpc4294967295 -")] // "to allow testing even not well-defined gRPC status codes"
    [InlineData("x-envoy-fault-abort-grpc-request: x", "- - -")]
    [InlineData("x-envoy-fault-abort-request: 404|x-envoy-fault-abort-grpc-request: 5", "- http404 -")] // HTTP's first
    [InlineData("x-envoy-fault-abort-request: 777|x-envoy-fault-abort-grpc-request: 5", "- grpc5 -")]
    [InlineData("x-envoy-fault-throughput-response: 8", "- - 8")]
    [InlineData("x-envoy-fault-throughput-response: 0", "- - -")]
    [InlineData("x-envoy-fault-delay-request: 7|x-envoy-fault-abort-request: 500|x-envoy-fault-throughput-response: 1", "7ms http500 1")]
    [InlineData("x-envoy-fault-abort-request: 503|x-envoy-fault-abort-request-percentage: 0", "- - -")]
    [InlineData("x-envoy-fault-delay-request: 7|x-envoy-fault-delay-request-percentage: 0", "- - -")]
    [InlineData("x-envoy-fault-throughput-response: 1|x-envoy-fault-throughput-response-percentage: 0", "- - -")]
    [InlineData("x-envoy-fault-abort-request: 503|x-envoy-fault-abort-request-percentage: 500", "- http503 -")] // capped
    [InlineData("x-envoy-fault-abort-request: 503|x-envoy-fault-abort-request-percentage: many", "- http503 -")] // ignored
    public void Begin_ByHeader_RequestsSayWhat(string headers, string expected)
    {
        var action = Begin(
            new FaultConfig { Fingerprint = "", Delay = new FaultDelayConfig(null, Always), Abort = new FaultAbortConfig(Always), ResponseRate = new FaultRateConfig(null, Always) }, headers);

        var abort = action?.Abort switch { { HttpStatus: { } status } => $"http{status}", { GrpcStatus: { } status } => $"grpc{status}", _ => "-" };
        Assert.Equal(expected, $"{(action?.Delay is { } delay ? $"{delay.TotalMilliseconds}ms" : "-")} {abort} {(action?.BytesPerSecond is { } rate ? $"{rate / 1024}" : "-")}");
    }

    [Fact]
    public void Begin_ByHeaderWithAPercentage_OnlyEverLowersTheShare()
    {
        var config = new FaultConfig { Fingerprint = "", Abort = new FaultAbortConfig(new FractionConfig(50, 100)) };
        _random.Numbers.Enqueue(9);
        _random.Numbers.Enqueue(10);
        _random.Numbers.Enqueue(49);
        _random.Numbers.Enqueue(50);

        Assert.NotNull(Begin(config, "x-envoy-fault-abort-request: 503|x-envoy-fault-abort-request-percentage: 10"));
        Assert.Null(Begin(config, "x-envoy-fault-abort-request: 503|x-envoy-fault-abort-request-percentage: 10"));
        Assert.NotNull(Begin(config, "x-envoy-fault-abort-request: 503|x-envoy-fault-abort-request-percentage: 90"));
        Assert.Null(Begin(config, "x-envoy-fault-abort-request: 503|x-envoy-fault-abort-request-percentage: 90"));
    }

    [Fact]
    public void Begin_FixedFault_IgnoresHeaders()
    {
        var config = new FaultConfig { Fingerprint = "", Delay = new FaultDelayConfig(TimeSpan.FromSeconds(1), Always), Abort = new FaultAbortConfig(Always) { HttpStatus = 503 } };

        var action = Begin(config, "x-envoy-fault-abort-request: 404|x-envoy-fault-abort-request-percentage: 0|x-envoy-fault-delay-request: 7|x-envoy-fault-delay-request-percentage: 0");

        Assert.Equal(TimeSpan.FromSeconds(1), action!.Delay);
        Assert.Equal(503, action.Abort!.HttpStatus);
    }

    /// <summary>Each row: what the fault is restricted to, the request's headers, and whether it concerns the request, which goes to the cluster c.</summary>
    [Theory]
    [InlineData("cluster c", "", true)]
    [InlineData("cluster other", "", false)]
    [InlineData("header x-a", "x-a: 1|x-b: 2", true)]
    [InlineData("header x-a", "x-b: 2", false)]
    [InlineData("header x-a x-b", "x-b: 2", false)]
    [InlineData("header :method", "", true)]
    [InlineData("node n1 n2", "x-envoy-downstream-service-node: n2", true)]
    [InlineData("node n1 n2", "x-envoy-downstream-service-node: n3", false)]
    [InlineData("node n1 n2", "", false)]
    public void Begin_Restricted_ConcernsThoseRequestsOnly(string restriction, string headers, bool isConcerned)
    {
        var words = restriction.Split(' ');
        var config = new FaultConfig
        {
            Fingerprint = "",
            Abort = new FaultAbortConfig(Always) { HttpStatus = 503 },
            ClusterName = words[0] == "cluster" ? words[1] : "",
            Headers = words[0] == "header" ? [.. words[1..].Select(static name => HeaderMatcher.Present(name))] : [],
            DownstreamNodes = words[0] == "node" ? [.. words[1..]] : [],
        };

        Assert.Equal(isConcerned, Begin(config, headers) is not null);
    }

    [Fact]
    public async Task Begin_AsManyActiveFaultsAsThereMayBe_LeavesTheRequestAlone()
    {
        var config = new FaultConfig { Fingerprint = "", Abort = new FaultAbortConfig(Always) { HttpStatus = 503 }, MaxActive = 1 };
        var first = Begin(config)!;

        Assert.Null(Begin(config));
        Assert.Null(Begin(config with { MaxActive = 0 }));
        Assert.Equal(1, _faults.Active);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        using var aborted = await first.RunAsync(new FilterRequest(request, new FilterRoute(), "orders", null), static (_, _) => throw new InvalidOperationException("An aborted request goes no further."), CancellationToken.None);
        Assert.Equal(0, _faults.Active);
        Assert.NotNull(Begin(config));
    }

    [Fact]
    public void Create_WithoutFaults_IsNoFilter()
        => Assert.Null(FaultFilter.Create(Setup(new FaultConfig { Fingerprint = "", MaxActive = 5, ClusterName = "c" }), Environment()));

    private FaultAction? Begin(FaultConfig config, string headers = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        foreach (var header in headers.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = (header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 2)..]);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var seen = new FilterRequest(request, new FilterRoute(), "orders", null) { ClusterName = "c" };
        return (FaultAction?)FaultFilter.Create(Setup(config), Environment())?.Begin(in seen);
    }

    private FilterEnvironment Environment() => FilterEnvironments.Create(_meter, TimeProvider.System, _random, _faults);

    private static FilterSetup Setup(FaultConfig config) => new("l", new HttpFilterConfig("fault", FaultConfig.TypeUrl) { Config = config }, [], "");

    /// <summary>Draws what the test says.</summary>
    private sealed class ScriptedRandom : IRandomSource
    {
        public Queue<uint> Numbers { get; } = new();

        public uint Next(uint exclusiveMax) => Numbers.Dequeue();

        public double NextDouble() => throw new NotSupportedException();
    }
}
