using System.Diagnostics.CodeAnalysis;
using System.Net;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Http;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Benchmarks.Policy;

/// <summary>
/// What a route's policies cost a request for which none of them has anything to do: its first try succeeds, no fault is drawn, tokens are
/// left, nothing is mirrored. The same road as <see cref="HandlerBenchmarks"/>; the difference to <c>plain</c> is the policy.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByMethod)]
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "BenchmarkDotNet calls the clean-up.")]
public class PolicyBenchmarks
{
    private readonly byte[] _buffer = new byte[256];
    private readonly StubHandler _stub = new();
    private HttpRequestMessage? _get;
    private HttpRequestMessage? _call;
    private HttpMessageInvoker? _mesh;
    private MeshRuntime? _runtime;

    /// <summary>Names of <see cref="PolicyRoutes"/>.</summary>
    [Params("plain", "retry", "retry-per-try-timeout", "fault", "rate-limit", "mirror", "all")]
    public string Policy { get; set; } = "";

    [GlobalSetup]
    public async Task SetupAsync()
    {
        var options = new MeshOptions { Preload = { Policy }, WaitForConfiguration = TimeSpan.FromSeconds(10), ControlPlane = new FixedControlPlane(PolicyRoutes.Resources()) };
        _runtime = new MeshRuntime(
            options, options.ControlPlane, TimeProvider.System, SharedRandomSource.Instance, SystemHostResolver.Instance, new StubTransport(_stub), NullLoggerFactory.Instance);
        await _runtime.PreloadAsync(CancellationToken.None);
        _mesh = new HttpMessageInvoker(new MeshHttpHandler(_runtime, _stub));
        _get = new HttpRequestMessage(HttpMethod.Get, $"http://{Policy}/items/17?fields=all");
        _call = new HttpRequestMessage(HttpMethod.Post, $"http://{Policy}/shop.Orders/Get")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[133]) { Headers = { { "content-type", "application/grpc" } } },
            Headers = { { "TE", "trailers" }, { "grpc-accept-encoding", "identity,gzip,deflate" } },
        };
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        _mesh!.Dispose();
        _get!.Dispose();
        _call!.Dispose();
        await _runtime!.DisposeAsync();
    }

    [Benchmark(Description = "HTTP GET")]
    public async Task GetAsync()
    {
        var sending = _mesh!.SendAsync(_get!, CancellationToken.None);
        _stub.Answer();
        using var response = await sending;
        await response.Content.LoadIntoBufferAsync(CancellationToken.None);
    }

    [Benchmark(Description = "gRPC unary")]
    public async Task<int> CallAsync()
    {
        var sending = _mesh!.SendAsync(_call!, CancellationToken.None);
        _stub.Answer();
        using var response = await sending;
        await using var body = await response.Content.ReadAsStreamAsync(CancellationToken.None);
        var total = 0;
        while (await body.ReadAsync(_buffer, CancellationToken.None) is > 0 and var read)
        {
            total += read;
        }

        return total;
    }
}
