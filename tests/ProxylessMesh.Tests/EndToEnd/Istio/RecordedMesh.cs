using System.Net;
using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Http;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Transport;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd.Istio;

/// <summary>A mesh whose control plane answers with what istiod answered in one recording.</summary>
internal sealed class RecordedMesh : IAsyncDisposable
{
    private readonly MeshRuntime _runtime;

    private RecordedMesh(ReplayAdsServer controlPlane, MeshRuntime runtime)
    {
        ControlPlane = controlPlane;
        _runtime = runtime;
        Mesh = new Mesh(runtime);
        Client = ClientOf(target: null);
    }

    public ReplayAdsServer ControlPlane { get; }

    public Mesh Mesh { get; }

    public MeshRuntime Runtime => _runtime;

    public HttpClient Client { get; }

    /// <param name="capture">The recording.</param>
    /// <param name="services">The names and backends of it.</param>
    /// <param name="isSidecar">Whether the node leaves <c>GENERATOR</c> out of its metadata.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="nodeId">The node, as its bootstrap names it.</param>
    /// <param name="loggers">Where the mesh logs to.</param>
    /// <param name="clock">The mesh's clock, and its connections'.</param>
    public static async Task<RecordedMesh> StartAsync(
        string capture,
        RecordedServices services,
        bool isSidecar = false,
        Action<MeshOptions>? configure = null,
        string nodeId = "sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local",
        ILoggerFactory? loggers = null,
        TimeProvider? clock = null)
    {
        var controlPlane = await ReplayAdsServer.StartAsync(Recorded(capture));
        var options = new MeshOptions { UpstreamTls = UpstreamTlsMode.Ignored };
        configure?.Invoke(options);
        var metadata = isSidecar ? """{ "NAMESPACE": "shop" }""" : """{ "GENERATOR": "grpc", "NAMESPACE": "shop" }""";
        var bootstrap = $$"""
            {
              "xds_servers": [{ "server_uri": "{{controlPlane.ServerUri}}", "channel_creds": [{ "type": "insecure" }], "server_features": ["xds_v3"] }],
              "node": { "id": "{{nodeId}}", "metadata": {{metadata}} }
            }
            """;
        var runtime = new MeshRuntime(
            options,
            new BootstrapControlPlane(bootstrap, configuration: null, static _ => null),
            clock ?? TimeProvider.System,
            new SeededRandomSource(1),
            services,
            new SocketTransport(clock ?? TimeProvider.System, services),
            loggers ?? NullLoggerFactory.Instance);
        return new RecordedMesh(controlPlane, runtime);
    }

    /// <summary>A client whose every request goes to an <c>xds:</c> target, as those of a gRPC channel do.</summary>
    public HttpClient ClientOf(string? target)
        => new(new MeshHttpHandler(_runtime, new SocketsHttpHandler(), target is null ? null : XdsTarget.Parse(new Uri($"xds:///{target}")))) { Timeout = TestTimeouts.Default };

    public Task<HttpResponseMessage> SendAsync(string uri, int major = 1, params (string Name, string Value)[] headers) => SendAsync(Client, uri, major, headers);

    public static async Task<HttpResponseMessage> SendAsync(HttpClient client, string uri, int major = 1, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri)
        {
            Version = major == 2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await client.SendAsync(request);
    }

    /// <summary>The backends that answer that many requests, in order, each once.</summary>
    public Task<string> BackendsAsync(string uri, int major = 1, int requests = 100) => BackendsAsync(Client, uri, major, requests);

    public static async Task<string> BackendsAsync(HttpClient client, string uri, int major = 1, int requests = 100)
    {
        var backends = new SortedSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < requests; i++)
        {
            // Another key each time, for services that balance by one.
            using var response = await SendAsync(client, uri, major, ("x-session", $"{i}"));
            Assert.True(response.IsSuccessStatusCode, $"{uri}: {response.StatusCode}");
            backends.Add(response.Headers.GetValues("x-backend").Single());
        }

        return string.Join(" ", backends);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Mesh.DisposeAsync();
        await ControlPlane.DisposeAsync();
        Assert.Empty(ControlPlane.Nacks.Select(static nack => nack.ErrorDetail.Message));
    }

    private static IEnumerable<Any> Recorded(string capture)
        => Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "data", "istiod", capture), "*.binpb")
            .Where(static file => Regex.IsMatch(Path.GetFileName(file), "^0[1-4]-[lrce]ds"))
            .Order(StringComparer.Ordinal)
            .SelectMany(static file => AdsResponses.FromFile(file).Resources);
}
