using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Configuration;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Transport;

namespace ProxylessMesh.ControlPlane.Tests.Files;

/// <summary>A process that is configured by a file beside it takes a thousand changes of the file (the first ones to warm up) and keeps nothing of them.</summary>
[Collection(nameof(Alone))]
public sealed class MeshFileReloadLeakTests : IDisposable
{
    private const int WarmUp = 300;
    private const int Reloads = 700;

    /// <summary>In bytes; a cluster that is kept costs several times as much.</summary>
    private const int HeapBoundOfAReload = 200;

    private readonly TemporaryDirectory _directory = new();
    private readonly PortTransport _transport = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Reload_AThousandTimes_KeepsNothing()
    {
        _directory.Replace(MeshYaml.File, Generation(0));
        var controlPlane = new QuickControlPlane(new MeshYamlControlPlane(_directory.File(MeshYaml.File), new MeshYamlOptions()));
        await using var mesh = new Mesh(new MeshRuntime(
            new MeshOptions(),
            controlPlane,
            TimeProvider.System,
            SharedRandomSource.Instance,
            SystemHostResolver.Instance,
            _transport,
            NullLoggerFactory.Instance));
        using var client = new HttpMessageInvoker(mesh.CreateHandler());
        await ReloadAsync(client, 1, WarmUp);
        var before = Heap();

        await ReloadAsync(client, WarmUp + 1, WarmUp + Reloads);
        var after = Heap();

        Assert.InRange(after - before, long.MinValue, Reloads * HeapBoundOfAReload);
        Assert.Equal(1, _transport.OpenCount);
    }

    /// <summary>Everything changes: the cluster that the route leads to, its name and its endpoint.</summary>
    private static string Generation(int generation) => $$"""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: orders}
        spec:
          hosts: [orders]
          location: MESH_INTERNAL
          resolution: STATIC
          ports:
          - {number: 80, name: http, protocol: HTTP}
          endpoints:
          - {address: 127.0.0.1, ports: {http: {{PortTransport.Port(generation)}} }, labels: {version: v{{generation}} } }
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: orders}
        spec:
          host: orders
          subsets:
          - {name: v{{generation}}, labels: {version: v{{generation}} } }
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: orders}
        spec:
          hosts: [orders]
          http:
          - route:
            - destination: {host: orders, subset: v{{generation}} }
        """;

    private async Task ReloadAsync(HttpMessageInvoker client, int first, int last)
    {
        using var limit = new CancellationTokenSource(TestTimeouts.Default * 3);
        for (var generation = first; generation <= last; generation++)
        {
            _directory.Replace(MeshYaml.File, Generation(generation));
            while (await SendAsync(client, limit.Token) != PortTransport.Port(generation))
            {
                await Task.Yield();
            }
        }
    }

    private static async Task<int> SendAsync(HttpMessageInvoker client, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        using var response = await client.SendAsync(request, cancellationToken);
        return int.Parse(await response.Content.ReadAsStringAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    private static long Heap()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>Endpoints without sockets that answer their port.</summary>
    private sealed class PortTransport : IEndpointTransport
    {
        private int _open;

        public int OpenCount => Volatile.Read(ref _open);

        public static int Port(int generation) => 1000 + generation;

        public HttpMessageInvoker Open(EndpointAddress address, TimeSpan connectTimeout)
        {
            Interlocked.Increment(ref _open);
            return new HttpMessageInvoker(new Endpoint(this, address.Port));
        }

        private sealed class Endpoint(PortTransport transport, int port) : HttpMessageHandler
        {
            protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
                => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = new StringContent(port.ToString(CultureInfo.InvariantCulture)) });

            protected override void Dispose(bool disposing)
            {
                Interlocked.Decrement(ref transport._open);
                base.Dispose(disposing);
            }
        }
    }
}
