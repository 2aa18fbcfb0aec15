using System.Net;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd.Istio;

/// <summary>What istiod sent a node without <c>GENERATOR</c>, as to an Envoy sidecar, with real backends where its endpoints are.</summary>
[Collection(IstiodAddresses.Name)]
public sealed class SidecarDialectTests : IAsyncLifetime
{
    private RecordedServices _shop = null!; // set before each test

    public async Task InitializeAsync() => _shop = await Shop.StartAsync();

    public Task DisposeAsync() => _shop.DisposeAsync().AsTask();

    /// <summary>
    /// The twelve services, asked for as HTTP/1.1: ports of gRPC get HTTP/2 all the same, because their clusters say so. The DNS services
    /// are told in full: payments is dialled at port 443, rates at another name.
    /// </summary>
    public static TheoryData<string, string> Services() => new()
    {
        { "http://cart.shop.svc.cluster.local/", "cart-v1-a cart-v2-a" },
        { "http://cart:9090/", "cart-v1-a-grpc" },
        { "http://search/", "search-a" },
        { "http://orders.shop/", "orders-v1" },
        { "http://reviews/", "reviews-v1-a reviews-v1-b reviews-v2-a" },
        { "http://catalog.shop.svc:9090/", "catalog-a catalog-b catalog-plain" },
        { "http://legacy:8080/", "legacy-0 legacy-1" },
        { "http://reviews.shop:9090/", "reviews-v1-a-grpc reviews-v1-b-grpc reviews-v2-a-grpc" },
        { "http://stock.shop/", "stock-0-direct" },
        { "http://payments.example.com/", "payments-https" },
        { "http://rates.example.com/", "rates-eu" },
        { "http://partner.shop.svc.cluster.local/", "partner" },
        { "http://reviews:7000/", "reviews-v1-a-tcp reviews-v1-b-tcp reviews-v2-a-tcp" },
        { "http://stock-0.stock.shop/", "stock-0-direct" },
        { "http://a.feeds.example.com/", "feeds" },
    };

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Service_EveryRequest_GoesWhereItShould(string uri, string backends)
    {
        await using var mesh = await StartAsync();

        Assert.Equal(backends, await mesh.BackendsAsync(uri));
    }

    [Theory]
    [InlineData("http://search/", 2, "HTTP/1.1")]
    [InlineData("http://search/", 1, "HTTP/1.1")]
    [InlineData("http://reviews:9090/", 1, "HTTP/2")]
    [InlineData("http://reviews:9090/", 2, "HTTP/2")]
    public async Task HttpVersion_OfTheCluster_LeavesTheCallersRequestAsItWas(string uri, int major, string protocol)
    {
        await using var mesh = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, uri)
        {
            Version = new Version(major, major == 2 ? 0 : 1),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent("hello"),
        };

        using var response = await mesh.Client.SendAsync(request);

        var backend = _shop[response.Headers.GetValues("x-backend").Single()];
        Assert.Equal(protocol, backend.LastRequest!.Protocol);
        Assert.Equal("hello", await response.Content.ReadAsStringAsync());
        Assert.Same(request, response.RequestMessage);
        Assert.Equal(new Version(major, major == 2 ? 0 : 1), request.Version);
        Assert.Equal(HttpVersionPolicy.RequestVersionExact, request.VersionPolicy);
        Assert.Equal(new Uri(uri), request.RequestUri);
    }

    [Fact]
    public async Task GrpcCall_ToAPortWithoutVersion_StaysHttp2()
    {
        await _shop.AddAsync("otel", "127.10.7.1", 4317, BackendProtocol.Http2);
        await using var mesh = await StartAsync();
        using var channel = mesh.Mesh.CreateGrpcChannel("xds:///otel-collector.observability:4317");

        var reply = await new EchoService.EchoServiceClient(channel).UnaryAsync(new EchoRequest());

        Assert.Equal("otel", reply.Backend);
    }

    [Fact]
    public async Task UnknownHost_AllowAny_IsPassedOnToWhereItPoints()
    {
        await using var mesh = await StartAsync();
        await mesh.ControlPlane.SetAsync(XdsResources.Routes("8181", XdsResources.Route("/", "PassthroughCluster")));

        using var response = await mesh.SendAsync("http://unknown.example.org:8181/x");

        Assert.Equal("unknown", response.Headers.GetValues("x-backend").Single());
        Assert.Equal("unknown.example.org:8181", response.Headers.GetValues("x-host").Single());
        Assert.Contains("unknown.example.org", _shop.Lookups);
    }

    [Fact]
    public async Task UnknownHost_BlockAll_Is502()
    {
        var block = new Envoy.Config.Route.V3.Route { Match = new() { Prefix = "/" }, DirectResponse = new() { Status = 502 } };
        await using var mesh = await StartAsync();
        await mesh.ControlPlane.SetAsync(XdsResources.Routes("8181", block));

        using var response = await mesh.SendAsync("http://unknown.example.org:8181/x");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Empty(_shop.Lookups);
    }

    [Fact]
    public async Task BlackHole_HasNoEndpoint_Fails()
    {
        await using var mesh = await StartAsync();
        await mesh.ControlPlane.SetAsync(XdsResources.Routes("8181", XdsResources.Route("/", "BlackHoleCluster")));

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.SendAsync("http://any:8181/"));

        Assert.Equal(MeshFailureReason.NoHealthyEndpoint, exception.Reason);
    }

    [Fact]
    public async Task ClusterThatDoesNotExist_IsKnownAtOnce_AndWorksOnceItComes()
    {
        const string Missing = "outbound|80|v9|orders.shop.svc.cluster.local";
        await using var mesh = await StartAsync();
        await mesh.BackendsAsync("http://search/", requests: 1);

        using (var missing = await mesh.SendAsync("http://orders/nowhere"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, missing.StatusCode);
            Assert.Contains($"there is no cluster '{Missing}'", missing.ReasonPhrase, StringComparison.Ordinal);
        }

        await mesh.ControlPlane.SetAsync(XdsResources.Cluster(Missing), XdsResources.Endpoints(Missing, _shop["orders-v2"]));
        await Until.TrueAsync(async () =>
        {
            using var response = await mesh.SendAsync("http://orders/nowhere");
            return response.Headers.TryGetValues("x-backend", out var backend) && backend.Single() == "orders-v2";
        });
    }

    [Fact]
    public async Task Subscription_OfAllNamesOfAPort_IsOneRouteConfigurationAndAWildcard()
    {
        await using var mesh = await StartAsync();

        await mesh.BackendsAsync("http://search/", requests: 1);
        await mesh.BackendsAsync("http://search.shop/", requests: 1);
        await mesh.BackendsAsync("http://legacy:8080/", requests: 1);
        await mesh.BackendsAsync("http://cart/", requests: 1);

        var requests = mesh.ControlPlane.Server.Streams.Single().Requests;
        Assert.DoesNotContain(requests, static request => request.TypeUrl == ResourceTypes.Listener);
        Assert.All(requests.Where(static request => request.TypeUrl == ResourceTypes.Cluster), static request => Assert.Empty(request.ResourceNames));
        Assert.Equal(["80", "8080"], requests.Last(static request => request.TypeUrl == ResourceTypes.RouteConfiguration).ResourceNames.Order());
    }

    /// <summary>The TLS of each endpoint is there for when it can be made; until then nothing is sent past it.</summary>
    [Fact]
    public async Task TlsRequired_SomeEndpointsWithout_ReachesThoseOnly()
    {
        await using var mesh = await StartAsync(static options => options.UpstreamTls = UpstreamTlsMode.Required);

        Assert.Equal("legacy-0 legacy-1", await mesh.BackendsAsync("http://legacy:8080/"));
        Assert.Equal("catalog-plain", await mesh.BackendsAsync("http://catalog:9090/"));
        var search = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.SendAsync("http://search/"));
        Assert.Contains("cluster 'outbound|80||search.shop.svc.cluster.local' asks for TLS to endpoint 127.10.4.1:8080", search.Message, StringComparison.Ordinal);
        var stock = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.SendAsync("http://stock.shop/"));
        Assert.Contains("cluster 'outbound|80||stock.shop.svc.cluster.local' asks for TLS", stock.Message, StringComparison.Ordinal);
        Assert.Equal(0, _shop["stock-0-direct"].RequestCount);
        Assert.Equal(0, _shop["catalog-a"].RequestCount);
    }

    private Task<RecordedMesh> StartAsync(Action<MeshOptions>? configure = null) => RecordedMesh.StartAsync("sidecar-client", _shop, isSidecar: true, configure);
}
