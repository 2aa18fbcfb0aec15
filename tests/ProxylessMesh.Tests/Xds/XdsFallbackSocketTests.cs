using System.Diagnostics.CodeAnalysis;
using Envoy.Config.Core.V3;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.Configuration;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>Fallback between servers that are processes on sockets (gRFC A71).</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "xunit calls IAsyncLifetime.DisposeAsync.")]
public sealed class XdsFallbackSocketTests : IAsyncLifetime
{
    private readonly MeshMeter _meter = new(factory: null);
    private readonly ConfigurationLoop _loop = new(NullLogger.Instance);
    private ScriptedAdsServer _primary = null!; // set in InitializeAsync
    private ScriptedAdsServer _secondary = null!; // set in InitializeAsync
    private XdsClient _client = null!; // set in InitializeAsync

    public async Task InitializeAsync()
    {
        _primary = await ScriptedAdsServer.StartAsync();
        _secondary = await ScriptedAdsServer.StartAsync();
        _client = new XdsClient(
            new XdsServerList([new GrpcXdsTransport(ServerConfig(_primary)), new GrpcXdsTransport(ServerConfig(_secondary))], fallsBackOnReachabilityOnly: false),
            new Dictionary<string, XdsServerList>(),
            new Node { Id = "node-1" },
            _loop,
            TimeProvider.System,
            new SeededRandomSource(1),
            NullLogger<XdsClient>.Instance,
            _meter.XdsClient);
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _loop.DisposeAsync();
        _meter.Dispose();
        await _secondary.DisposeAsync();
        await _primary.DisposeAsync();
    }

    [Fact]
    public async Task PrimaryKilledMidStartUp_SecondServesUntilThePrimaryIsBack()
    {
        // 1. The primary gives the cluster and dies before the endpoints.
        var cluster = new RecordingWatcher<ClusterConfig>();
        var endpoints = new RecordingWatcher<EndpointsConfig>();
        await _loop.InvokeAsync(() =>
        {
            _client.WatchCluster("c", cluster);
            _client.WatchEndpoints("c", endpoints);
        });
        var first = await _primary.NextStreamAsync();
        await first.SendAsync(AdsResponses.OfAny(ResourceTypes.Cluster, "1", "n1", XdsResources.Cluster("c")));
        await cluster.NextResourceAsync();
        await _primary.KillAsync();

        // 2. The second is asked for both.
        var fallback = await _secondary.NextStreamAsync();
        var request = await fallback.NextRequestAsync(ResourceTypes.Cluster);
        await fallback.SendAsync(AdsResponses.OfAny(ResourceTypes.ClusterLoadAssignment, "1", "m1", XdsResources.Endpoints("c", ("127.0.0.1", 2))));
        Assert.Equal("node-1", request.Node.Id);
        Assert.Equal(["c"], request.ResourceNames);
        Assert.Equal(2, (await endpoints.NextResourceAsync()).Localities[0].Endpoints[0].Address.Port);

        // 3. The primary comes back, and the second is left.
        await _primary.StartAgainAsync();
        var again = await _primary.NextStreamAsync();
        await again.NextRequestAsync(ResourceTypes.ClusterLoadAssignment);
        await again.SendAsync(AdsResponses.OfAny(ResourceTypes.ClusterLoadAssignment, "1", "n1", XdsResources.Endpoints("c", ("127.0.0.1", 1))));
        Assert.Equal(1, (await endpoints.NextResourceAsync()).Localities[0].Endpoints[0].Address.Port);
        await fallback.Ended.WaitAsync(TestTimeouts.Default);

        Assert.Equal((1, 2), (cluster.Count, endpoints.Count));
        Assert.True(_client.IsConnected);
    }

    private static XdsServerConfig ServerConfig(ScriptedAdsServer server) => new()
    {
        ServerUri = server.ServerUri,
        Address = new TcpServerAddress("127.0.0.1", server.Port),
        Credentials = InsecureCredentialsConfig.Instance,
    };
}
