using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Transport;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>A mesh that takes its configuration from a control plane of the test over a real socket.</summary>
internal sealed class MeshFixture : IAsyncDisposable
{
    private MeshFixture(ReplayAdsServer controlPlane, Mesh mesh)
    {
        ControlPlane = controlPlane;
        Mesh = mesh;
        Client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };
    }

    public ReplayAdsServer ControlPlane { get; }

    public Mesh Mesh { get; }

    public HttpClient Client { get; }

    /// <summary>The requests under way to the service orders, on all its endpoints.</summary>
    public int ActiveRequests => Mesh.Runtime.Pipeline!.Listeners.Find(new Uri("http://orders/"))!.Listener.View.Routes!.Clusters.Sum(cluster => cluster.View.Endpoints.Sum(endpoint => endpoint.ActiveRequests));

    public static Task<MeshFixture> StartAsync(params IEnumerable<Any> resources) => StartAsync(static _ => { }, resources);

    public static async Task<MeshFixture> StartAsync(Action<MeshOptions> configure, params IEnumerable<Any> resources)
    {
        var controlPlane = await ReplayAdsServer.StartAsync(resources);
        var options = new MeshOptions { Bootstrap = BootstrapJson.Insecure(controlPlane.ServerUri) };
        configure(options);
        return new MeshFixture(controlPlane, await Mesh.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None));
    }

    /// <summary>A mesh with a clock of the test's, which its connections and its control plane keep to as well.</summary>
    public static Task<MeshFixture> StartAsync(TimeProvider clock, params IEnumerable<Any> resources) => StartAsync(resources, clock, new SocketTransport(clock));

    /// <summary>As above, with a clock, a way to endpoints or a resolver of the test's own.</summary>
    public static async Task<MeshFixture> StartAsync(IEnumerable<Any> resources, TimeProvider? clock = null, IEndpointTransport? transport = null, IHostResolver? resolver = null, Action<MeshOptions>? configure = null)
    {
        var controlPlane = await ReplayAdsServer.StartAsync(resources);
        var options = new MeshOptions { Bootstrap = BootstrapJson.Insecure(controlPlane.ServerUri) };
        configure?.Invoke(options);
        return new MeshFixture(controlPlane, new Mesh(new MeshRuntime(
            options,
            new BootstrapControlPlane(options.Bootstrap, configuration: null),
            clock ?? TimeProvider.System,
            SharedRandomSource.Instance,
            resolver ?? SystemHostResolver.Instance,
            transport ?? new SocketTransport(TimeProvider.System),
            NullLoggerFactory.Instance)));
    }

    public EchoService.EchoServiceClient Grpc(string address, out GrpcChannel channel)
    {
        channel = Mesh.CreateGrpcChannel(address);
        return new EchoService.EchoServiceClient(channel);
    }

    /// <summary>The first stream that the mesh opened, or a later one.</summary>
    public async Task<ScriptedAdsStream> StreamAsync(int number = 1)
    {
        await Until.TrueAsync(() => ControlPlane.Server.Streams.Count >= number, $"the mesh opens {number} streams");
        return ControlPlane.Server.Streams[number - 1];
    }

    /// <summary>The backend that answers one request.</summary>
    public async Task<string> BackendOfAsync(string uri)
    {
        using var response = await Client.GetAsync(new Uri(uri));
        response.EnsureSuccessStatusCode();
        return response.Headers.GetValues("x-backend").Single();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Mesh.DisposeAsync();
        await ControlPlane.DisposeAsync();
    }
}
