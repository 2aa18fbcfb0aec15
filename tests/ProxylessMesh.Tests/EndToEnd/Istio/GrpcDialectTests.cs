using Envoy.Config.Endpoint.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd.Istio;

/// <summary>What istiod sent a node with <c>GENERATOR=grpc</c>, with real backends where its endpoints are.</summary>
[Collection(IstiodAddresses.Name)]
public sealed class GrpcDialectTests : IAsyncLifetime
{
    private const string Payments = "outbound|80||payments.example.com";

    private RecordedServices _shop = null!; // set before each test

    public async Task InitializeAsync() => _shop = await Shop.StartAsync();

    public Task DisposeAsync() => _shop.DisposeAsync().AsTask();

    /// <summary>
    /// The twelve services of the recording: where requests go. Only what is in the first priority: the others are there for when it
    /// fails.
    /// </summary>
    public static TheoryData<string, int, string> Services() => new()
    {
        { "http://cart.shop.svc.cluster.local/", 1, "cart-v1-a cart-v2-a" },
        { "http://cart:9090/", 2, "cart-v1-a-grpc" },
        { "http://search/", 1, "search-a" },
        { "http://orders.shop/", 1, "orders-v1" },
        { "http://reviews/", 1, "reviews-v1-a reviews-v1-b reviews-v2-a" },
        { "http://catalog:9090/", 2, "catalog-a catalog-b catalog-plain" },
        { "http://legacy:8080/", 1, "legacy-0 legacy-1" },
        { "http://reviews.shop:9090/", 2, "reviews-v1-a-grpc reviews-v1-b-grpc reviews-v2-a-grpc" },
        { "http://stock/", 1, "stock-0 stock-1" },
        { "http://payments.example.com/", 1, "payments" },
        { "http://rates.example.com/", 1, "rates" },
        { "http://partner/", 1, "partner" },
    };

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Service_EveryRequest_GoesWhereItShould(string uri, int version, string backends)
    {
        await using var mesh = await StartAsync();

        Assert.Equal(backends, await mesh.BackendsAsync(uri, version));
    }

    [Fact]
    public async Task Services_AllAtOnce_AreReachedOverOneStream()
    {
        await using var mesh = await StartAsync();

        var reached = await Task.WhenAll(Services().Select(row => mesh.BackendsAsync((string)row[0], (int)row[1], requests: 1)));

        Assert.All(reached, Assert.NotEmpty);
        Assert.Single(mesh.ControlPlane.Server.Streams);
    }

    /// <summary>What the routes of orders and reviews do to a path, and where it goes.</summary>
    [Theory]
    [InlineData("http://orders/items/5/detail", "", "orders-v2", "orders", "/v3/5")]
    [InlineData("http://orders/also", "", "orders-v1", "internal.orders", "/internal")]
    [InlineData("http://orders/cors", "", "orders-v1", "cors.example", "/cors")]
    [InlineData("http://reviews/mirror/x", "", "reviews-v1-a reviews-v1-b reviews-v2-a", "reviews", "/mirror/x")]
    [InlineData("http://cart/v2/items", "x-canary", "cart-v2-a", "cart", "/v2/items")]
    public async Task Route_OfRecordedServices_LeadsAndRewrites(string uri, string header, string backends, string host, string path)
    {
        await using var mesh = await StartAsync();
        var headers = header.Length > 0 ? new[] { (header, "true") } : [];

        using var response = await mesh.SendAsync(uri, 1, headers);

        Assert.Contains(response.Headers.GetValues("x-backend").Single(), backends.Split(' '));
        Assert.Equal(host, response.Headers.GetValues("x-host").Single());
        Assert.Equal(path, response.Headers.GetValues("x-path").Single());
    }

    [Theory]
    [InlineData("http://orders/nowhere")]
    [InlineData("http://reviews/broken")]
    public async Task Route_ToAClusterThatNeverComes_HoldsUpItsOwnRequestsOnly(string uri)
    {
        await using var mesh = await StartAsync();
        using var impatience = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        var waiting = mesh.Client.SendAsync(request, impatience.Token);

        var others = await mesh.BackendsAsync(new Uri(new Uri(uri), "/").ToString(), requests: 20);
        Assert.NotEmpty(others);
        Assert.False(waiting.IsCompleted);

        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task CallerFarAway_PrioritiesTurnedRound_ReachesItsOwnRegion()
    {
        await using var mesh = await RecordedMesh.StartAsync("grpc-client-us", _shop);

        Assert.Equal("cart-v1-us cart-v2-a", await mesh.BackendsAsync("http://cart/"));
        Assert.Equal("search-us", await mesh.BackendsAsync("http://search/"));
    }

    /// <summary>As a pod without the agent asks, whose node does not know its namespace: the control plane expands names and answers under the short ones.</summary>
    [Theory]
    [InlineData("cart:80", 1, "cart-v1-a cart-v2-a")]
    [InlineData("catalog.shop:9090", 2, "catalog-a catalog-b catalog-plain")]
    [InlineData("orders.shop.svc.cluster.local:80", 1, "orders-v1")]
    [InlineData("orders.shop.svc.cluster.local:5432", 1, "unknown")]
    public async Task ShortNames_AskedForAsTheyAre_GoWhereTheyShould(string target, int version, string backends)
    {
        await _shop.AddAsync("orders-db", "127.40.1.6", 5432);
        await using var mesh = await RecordedMesh.StartAsync("grpc-client-short-names", _shop, nodeId: "sidecar~127.0.0.1~web-1.shop~cluster.local");
        using var client = mesh.ClientOf(target);

        Assert.Equal(backends == "unknown" ? "orders-db" : backends, await RecordedMesh.BackendsAsync(client, $"http://{target}/", version));
    }

    [Fact]
    public async Task NameOnlyService_WithAnotherAddress_IsDialledThere()
    {
        await using var mesh = await StartAsync(options =>
        {
            options.ExternalServices["payments.example.com:80"] = "127.40.1.6:8181";
            options.ExternalServices["rates.example.com"] = "127.40.1.5";
            options.ExternalServices["partner.shop.svc.cluster.local"] = "eu.rates.example.com";
        });

        Assert.Equal("unknown", await mesh.BackendsAsync("http://payments.example.com/", requests: 1));
        Assert.Equal("feeds", await mesh.BackendsAsync("http://rates.example.com/", requests: 1));
        Assert.Equal("rates-eu", await mesh.BackendsAsync("http://partner/", requests: 1));
        Assert.Equal("payments.example.com", _shop["unknown"].LastRequest!.Host);
    }

    [Fact]
    public async Task NameOnlyService_ThatDoesNotResolve_FailsNamingIt()
    {
        await using var mesh = await StartAsync(options => options.ExternalServices["rates.example.com"] = "nowhere.example");

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.GetAsync(new Uri("http://rates.example.com/")));

        Assert.Equal(MeshFailureReason.ConnectFailure, exception.Reason);
        Assert.Contains("nowhere.example:80", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NameOnlyServices_AreToldOnceInTheLog_AndLeftAloneOnceTheyHaveEndpoints()
    {
        using var log = new RecordingLoggers();
        await using var mesh = await RecordedMesh.StartAsync("grpc-client", _shop, configure: AddExternalHosts, loggers: log);

        await mesh.BackendsAsync("http://partner/", requests: 3);
        await mesh.BackendsAsync("http://payments.example.com/", requests: 3);
        await mesh.ControlPlane.SetAsync(XdsResources.Endpoints(Payments, [("127.40.1.6", 8181)]));
        await Until.TrueAsync(async () => await mesh.BackendsAsync("http://payments.example.com/", requests: 1) == "unknown");
        await mesh.ControlPlane.SetAsync(Any.Pack(new ClusterLoadAssignment { ClusterName = Payments }));
        await Until.TrueAsync(async () => await mesh.BackendsAsync("http://payments.example.com/", requests: 1) == "payments");

        Assert.Single(log.Lines, static line => line.Contains("'outbound|80||payments.example.com'", StringComparison.Ordinal) && line.Contains("in plaintext", StringComparison.Ordinal));
        Assert.Single(log.Lines, static line => line.Contains("'outbound|80||partner.shop.svc.cluster.local'", StringComparison.Ordinal) && line.Contains("in plaintext", StringComparison.Ordinal));
    }

    /// <summary>What TLS is asked for is kept, and without <see cref="UpstreamTlsMode.Ignored"/> nothing is sent past it.</summary>
    [Fact]
    public async Task TlsRequired_CartAsksForIt_FailsNamingClusterAndEndpoint()
    {
        await using var mesh = await StartAsync(options => options.UpstreamTls = UpstreamTlsMode.Required);

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.GetAsync(new Uri("http://cart:9090/")));

        Assert.Contains("cluster 'outbound|9090|v1|cart.shop.svc.cluster.local' asks for TLS to endpoint 127.10.1.1:9091", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, _shop["cart-v1-a-grpc"].RequestCount);
        Assert.Equal("search-a", await mesh.BackendsAsync("http://search/", requests: 1));
    }

    private Task<RecordedMesh> StartAsync(Action<MeshOptions>? configure = null) => RecordedMesh.StartAsync("grpc-client", _shop, configure: options =>
    {
        AddExternalHosts(options);
        configure?.Invoke(options);
    });

    private static void AddExternalHosts(MeshOptions options)
    {
        options.Hosts.Add("payments.example.com");
        options.Hosts.Add("rates.example.com");
    }
}
