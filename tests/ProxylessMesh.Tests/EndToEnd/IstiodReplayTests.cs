using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>
/// What a real istiod sent a proxyless client (capture <c>grpc-client-update</c>), byte for byte, with real backends on the
/// recorded addresses: <c>http://cart.shop</c> and a gRPC channel reach them, and the recorded pushes take effect.
/// </summary>
[Collection(Istio.IstiodAddresses.Name)]
public sealed class IstiodReplayTests
{
    private static readonly string Capture = Path.Combine(AppContext.BaseDirectory, "data", "istiod", "grpc-client-update");

    /// <summary>The bootstrap as istio-agent writes it for a pod of namespace shop.</summary>
    private static string Bootstrap(string serverUri) => $$"""
        {
          "xds_servers": [{ "server_uri": "{{serverUri}}", "channel_creds": [{ "type": "insecure" }], "server_features": ["xds_v3"] }],
          "node": {
            "id": "sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local",
            "metadata": { "GENERATOR": "grpc", "NAMESPACE": "shop" },
            "locality": { "region": "eu", "zone": "eu-1", "sub_zone": "a" },
            "UserAgentVersionType": null
          },
          "certificate_providers": {
            "default": {
              "plugin_name": "file_watcher",
              "config": { "certificate_file": "/var/lib/istio/data/cert-chain.pem", "private_key_file": "/var/lib/istio/data/key.pem", "ca_certificate_file": "/var/lib/istio/data/root-cert.pem", "refresh_interval": "900s" }
            }
          },
          "server_listener_resource_name_template": "xds.istio.io/grpc/lds/inbound/%s"
        }
        """;

    [Fact]
    public async Task HttpClient_CartByShortName_FollowsTheRecordedPushes()
    {
        await using var v1 = await Backend.StartAsync("v1", BackendProtocol.Http1, "127.10.1.1", 8080);
        await using var v2 = await Backend.StartAsync("v2", BackendProtocol.Http1, "127.10.1.3", 8080);
        await using var v2Moved = await Backend.StartAsync("v2-moved", BackendProtocol.Http1, "127.10.1.9", 8080);
        await using var controlPlane = await ReplayAdsServer.StartAsync(FirstAnswers());
        await using var mesh = await StartAsync(controlPlane);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };

        // 90 to 10, and everything below /v2 with the canary header to v2.
        var before = await CountAsync(client, "http://cart.shop/", 400);
        using var canary = new HttpRequestMessage(HttpMethod.Get, "http://cart/v2/items") { Headers = { { "x-canary", "true" } } };
        using var canaryResponse = await client.SendAsync(canary);
        Assert.InRange(before["v2"], 12, 76); // 40 expected, standard deviation 6: six of them either way
        Assert.Equal(400, before["v1"] + before["v2"]);
        Assert.Equal("v2", canaryResponse.Headers.GetValues("x-backend").Single());
        Assert.Equal("cart.shop", v1.LastRequest!.Host);

        await using var load = new Load().Http(client, new Uri("http://cart.shop/"));
        await PushAllAsync(controlPlane);
        await load.MoreFromAsync("v2-moved", 20);
        await v2.StopAsync();
        await load.MoreFromAsync("v2-moved", 20);
        await load.StopAsync();

        var after = await CountAsync(client, "http://cart.shop.svc.cluster.local/", 400);
        Assert.Empty(load.Failures);
        Assert.InRange(after["v2-moved"], 140, 260); // 200 expected, standard deviation 10
        Assert.False(after.ContainsKey("v2"));
        Assert.Empty(controlPlane.Nacks);
    }

    [Theory]
    [InlineData("xds:///cart.shop:80")]
    [InlineData("xds:///cart")]
    [InlineData("http://cart.shop.svc")]
    public async Task GrpcChannel_Cart_FollowsTheRecordedPushes(string address)
    {
        await using var v1 = await Backend.StartAsync("v1", BackendProtocol.Http2, "127.10.1.1", 8080);
        await using var v2 = await Backend.StartAsync("v2", BackendProtocol.Http2, "127.10.1.3", 8080);
        await using var v2Moved = await Backend.StartAsync("v2-moved", BackendProtocol.Http2, "127.10.1.9", 8080);
        await using var controlPlane = await ReplayAdsServer.StartAsync(FirstAnswers());
        await using var mesh = await StartAsync(controlPlane);
        using var channel = mesh.CreateGrpcChannel(address);
        await using var load = new Load().Grpc(channel);

        await load.MoreFromAsync("v1", 20);
        await load.MoreFromAsync("v2", 2);
        await PushAllAsync(controlPlane);
        await load.MoreFromAsync("v2-moved", 20);
        await load.StopAsync();

        Assert.Empty(load.Failures);
        Assert.Empty(controlPlane.Nacks);
    }

    private static Task<Mesh> StartAsync(ReplayAdsServer controlPlane)
        => Mesh.StartAsync(
            new MeshOptions { Bootstrap = Bootstrap(controlPlane.ServerUri), UpstreamTls = UpstreamTlsMode.Ignored },
            NullLoggerFactory.Instance,
            CancellationToken.None);

    private static async Task<Dictionary<string, int>> CountAsync(HttpClient client, string uri, int requests)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < requests; i++)
        {
            using var response = await client.GetAsync(new Uri(uri));
            var backend = response.Headers.GetValues("x-backend").Single();
            counts[backend] = counts.GetValueOrDefault(backend) + 1;
        }

        return counts;
    }

    /// <summary>01 to 04: what istiod answered at first.</summary>
    private static IEnumerable<Any> FirstAnswers() => Recorded(isPush: false).SelectMany(response => response.Resources);

    /// <summary>05 to 11: what istiod pushed after the change, in its order.</summary>
    private static async Task PushAllAsync(ReplayAdsServer controlPlane)
    {
        foreach (var response in Recorded(isPush: true))
        {
            await controlPlane.PushAsync(response);
        }
    }

    private static IEnumerable<DiscoveryResponse> Recorded(bool isPush)
        => Directory.EnumerateFiles(Capture, "*.binpb")
            .Where(file => file.Contains("-push-", StringComparison.Ordinal) == isPush)
            .Order(StringComparer.Ordinal)
            .Select(AdsResponses.FromFile);
}
