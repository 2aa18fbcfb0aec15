using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Transport;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests;

/// <summary>
/// Both ends are the mesh's own: its control plane behind a socket, fed by a directory, and its client with an Istio node id and
/// no <c>GENERATOR</c>, which asks as a sidecar does: all clusters, routes by port, endpoints by cluster.
/// </summary>
public sealed class SidecarEndToEndTests : IAsyncLifetime, IDisposable
{
    private const string Outside = "outside.example.org";

    private readonly TemporaryDirectory _directory = new();
    private Backend? _first;
    private Backend? _second;
    private ControlPlaneServer? _server;
    private Mesh? _mesh;
    private HttpClient? _client;

    public async Task InitializeAsync()
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Default);
        _first = await Backend.StartAsync("first", BackendProtocol.Http1);
        _second = await Backend.StartAsync("second", BackendProtocol.Http2);
        _directory.Write("reviews.yaml", Reviews(_first.Port));
        _directory.Write("stock.yaml", Service("stock", "grpc", _second.Port));
        _directory.Write("routes.yaml", """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: reviews, namespace: shop}
            spec:
              hosts: [reviews]
              http:
              - match: [{uri: {prefix: /stock}}]
                route: [{destination: {host: stock}}]
              - route: [{destination: {host: reviews}}]
            """);
        _server = await ControlPlaneServer.StartAsync(
            new ControlPlaneServerOptions { ConfigurationFile = _directory.File(""), ListenAddress = "127.0.0.1:0" }, timeout.Token);
        var bootstrap = $$"""
            {
              "xds_servers": [{ "server_uri": "{{new Uri(_server.Address).Authority}}", "channel_creds": [{ "type": "insecure" }], "server_features": ["xds_v3"] }],
              "node": { "id": "sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local", "metadata": { "NAMESPACE": "shop" } }
            }
            """;
        var resolver = new OutsideResolver();
        _mesh = new Mesh(new MeshRuntime(
            new MeshOptions(),
            new BootstrapControlPlane(bootstrap, configuration: null, static _ => null),
            TimeProvider.System,
            new SeededRandomSource(1),
            resolver,
            new SocketTransport(TimeProvider.System, resolver),
            NullLoggerFactory.Instance));
        _client = new HttpClient(_mesh.CreateHandler()) { Timeout = TestTimeouts.Default };
    }

    public async Task DisposeAsync()
    {
        _client!.Dispose();
        await _mesh!.DisposeAsync();
        await _server!.DisposeAsync();
        await _second!.DisposeAsync();
        await _first!.DisposeAsync();
    }

    public void Dispose()
    {
        _client?.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("http://reviews:9080/", "first")]
    [InlineData("http://reviews.shop:9080/", "first")]
    [InlineData("http://reviews.shop.svc.cluster.local:9080/x", "first")]
    [InlineData("http://reviews:9080/stock/7", "second")]
    [InlineData("http://stock:9080/", "second")] // asked for as HTTP/1.1; the port speaks HTTP/2
    public async Task Service_ByItsPort_IsReachedWhereItsRoutesSay(string uri, string backend)
    {
        Assert.Equal(backend, await BackendOfAsync(uri));
        await AssertNothingIsRejectedAsync();
    }

    [Fact]
    public async Task Subscription_HasEveryClusterAndOneRouteConfigurationOfThePort()
    {
        await BackendOfAsync("http://reviews:9080/");

        var known = (await DumpAsync()).Where(resource => resource.State == MeshResourceState.Acked).ToArray();

        Assert.Equal(["9080"], Names(ResourceTypes.RouteConfiguration));
        Assert.Empty(Names(ResourceTypes.Listener));
        Assert.Equal(
            ["BlackHoleCluster", "PassthroughCluster", "outbound|9080||reviews.shop.svc.cluster.local", "outbound|9080||stock.shop.svc.cluster.local"],
            Names(ResourceTypes.Cluster));
        Assert.Contains("outbound|9080||reviews.shop.svc.cluster.local", Names(ResourceTypes.ClusterLoadAssignment));

        IEnumerable<string> Names(string typeUrl)
            => known.Where(resource => resource.TypeUrl == typeUrl).Select(resource => resource.Name).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task UnknownHost_AllowAny_GoesWhereItsNamePoints()
    {
        using var response = await _client!.GetAsync($"http://{Outside}:{_first!.Port}/away");

        Assert.Equal("first", response.Headers.GetValues("x-backend").Single());
        Assert.Equal($"{Outside}:{_first.Port}", response.Headers.GetValues("x-host").Single());
        await AssertNothingIsRejectedAsync();
    }

    [Fact]
    public async Task UnknownHost_RegistryOnly_Is502UntilTheFileThatSaysSoIsGone()
    {
        var uri = $"http://{Outside}:{_first!.Port}/away";
        await BackendOfAsync(uri);

        _directory.Write("mesh.yml", "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n");
        await Until.TrueAsync(async () => await StatusOfAsync(uri) == HttpStatusCode.BadGateway);
        Assert.Equal("first", await BackendOfAsync("http://reviews:9080/"));

        File.Delete(_directory.File("mesh.yml"));
        await Until.TrueAsync(async () => await StatusOfAsync(uri) == HttpStatusCode.OK);
        await AssertNothingIsRejectedAsync();
    }

    [Fact]
    public async Task ChangedFile_MovesTrafficWithoutALostRequest()
    {
        await using var third = await Backend.StartAsync("third", BackendProtocol.Http1);
        Assert.Equal("first", await BackendOfAsync("http://reviews:9080/"));

        _directory.Replace("reviews.yaml", Reviews(third.Port));

        // BackendOfAsync fails on any answer but 200.
        await Until.TrueAsync(async () => await BackendOfAsync("http://reviews:9080/") == "third");
        Assert.Equal("second", await BackendOfAsync("http://stock:9080/"));
        await AssertNothingIsRejectedAsync();
    }

    private static string Reviews(int port) => Service("reviews", "http", port);

    private static string Service(string name, string protocol, int targetPort) => $$"""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: {{name}}, namespace: shop}
        spec:
          hosts: [{{name}}.shop.svc.cluster.local]
          resolution: STATIC
          ports: [{number: 9080, name: {{protocol}}, protocol: {{protocol.ToUpperInvariant()}}, targetPort: {{targetPort}} }]
          endpoints: [{address: 127.0.0.1}]
        """;

    private async Task<string> BackendOfAsync(string uri)
    {
        using var response = await _client!.GetAsync(uri);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.GetValues("x-backend").Single();
    }

    private async Task<HttpStatusCode> StatusOfAsync(string uri)
    {
        using var response = await _client!.GetAsync(uri);
        return response.StatusCode;
    }

    private async Task<IReadOnlyList<MeshResource>> DumpAsync()
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Default);
        return (await _mesh!.GetConfigurationDumpAsync(timeout.Token)).Resources;
    }

    private async Task AssertNothingIsRejectedAsync()
        => Assert.Empty((await DumpAsync()).Where(resource => resource.Error is not null).Select(resource => $"{resource.Name}: {resource.Error}"));

    /// <summary>Knows one name, which nobody declares.</summary>
    private sealed class OutsideResolver : IHostResolver
    {
        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
            => host == Outside
                ? Task.FromResult<IPAddress[]>([IPAddress.Loopback])
                : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }
}
