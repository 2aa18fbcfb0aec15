using System.Diagnostics.CodeAnalysis;
using System.Net;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Http;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Benchmarks;

/// <summary>
/// The whole road of a request through the mesh, from the handler to the end of the response's body, over endpoints without
/// sockets; against the same stub without the mesh. What the mesh adds is the difference.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
[CategoriesColumn]
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "BenchmarkDotNet calls the clean-up.")]
public class HandlerBenchmarks
{
    private readonly byte[] _buffer = new byte[256];
    private readonly HttpRequestMessage _get = new(HttpMethod.Get, "http://orders/items/17?fields=all");
    private readonly HttpRequestMessage _outsideGet = new(HttpMethod.Get, "http://api.example.com/items/17?fields=all");
    private readonly HttpRequestMessage _call = new(HttpMethod.Post, "http://orders/shop.Orders/Get")
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new ByteArrayContent(new byte[133]) { Headers = { { "content-type", "application/grpc" } } },
        Headers = { { "TE", "trailers" }, { "grpc-accept-encoding", "identity,gzip,deflate" } },
    };

    private StubHandler _stub = new();
    private HttpMessageInvoker? _bare;
    private HttpMessageInvoker? _mesh;
    private MeshRuntime? _runtime;
    private ServiceFile? _file;

    [Params(1, 10)]
    public int Routes { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _file = new ServiceFile();
        _file.Add("orders", 1, Routes);
        var options = new MeshOptions { Preload = { "orders" }, WaitForConfiguration = TimeSpan.FromSeconds(10) }.UseMeshYaml(_file.Path);
        _stub = new StubHandler();
        _runtime = new MeshRuntime(
            options, options.ControlPlane!, TimeProvider.System, SharedRandomSource.Instance, SystemHostResolver.Instance, new StubTransport(_stub), NullLoggerFactory.Instance);
        await _runtime.PreloadAsync(CancellationToken.None);
        _bare = new HttpMessageInvoker(_stub, disposeHandler: false);
        _mesh = new HttpMessageInvoker(new MeshHttpHandler(_runtime, _stub));
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        _mesh!.Dispose();
        await _runtime!.DisposeAsync();
        _file!.Dispose();
    }

    [Benchmark(Baseline = true, Description = "bare")]
    [BenchmarkCategory("HTTP GET")]
    public Task BareGet() => GetAsync(_bare!, _get);

    [Benchmark(Description = "mesh")]
    [BenchmarkCategory("HTTP GET")]
    public Task MeshGet() => GetAsync(_mesh!, _get);

    [Benchmark(Description = "mesh, host outside")]
    [BenchmarkCategory("HTTP GET")]
    public Task OutsideGet() => GetAsync(_mesh!, _outsideGet);

    [Benchmark(Baseline = true, Description = "bare")]
    [BenchmarkCategory("gRPC unary")]
    public Task<int> BareCall() => CallAsync(_bare!);

    [Benchmark(Description = "mesh")]
    [BenchmarkCategory("gRPC unary")]
    public Task<int> MeshCall() => CallAsync(_mesh!);

    /// <summary>Buffers the body, as HttpClient does.</summary>
    private async Task GetAsync(HttpMessageInvoker invoker, HttpRequestMessage request)
    {
        var sending = invoker.SendAsync(request, CancellationToken.None);
        _stub.Answer();
        using var response = await sending;
        await response.Content.LoadIntoBufferAsync(CancellationToken.None);
    }

    /// <summary>Reads the body as a stream, as a gRPC client does.</summary>
    private async Task<int> CallAsync(HttpMessageInvoker invoker)
    {
        var sending = invoker.SendAsync(_call, CancellationToken.None);
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
