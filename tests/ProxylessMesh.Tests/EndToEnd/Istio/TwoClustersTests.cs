namespace ProxylessMesh.Tests.EndToEnd.Istio;

/// <summary>One Service in two clusters and networks: each caller reaches its own pods, and the other network through its gateway.</summary>
[Collection(IstiodAddresses.Name)]
public sealed class TwoClustersTests : IAsyncLifetime
{
    private RecordedServices _services = null!; // set before each test

    public async Task InitializeAsync() => _services = await StartServicesAsync();

    public Task DisposeAsync() => _services.DisposeAsync().AsTask();

    [Theory]
    [InlineData("two-clusters-grpc-east", false, "http://search/", "search-east-0 search-east-1")]
    [InlineData("two-clusters-grpc-east", false, "http://ledger/", "gateway-west")]
    [InlineData("two-clusters-grpc-east", false, "http://web-only/", "web-only")]
    [InlineData("two-clusters-grpc-west", false, "http://search/", "search-west-0 search-west-1 search-west-2")]
    [InlineData("two-clusters-grpc-west", false, "http://ledger/", "ledger-west-0 ledger-west-1")]
    [InlineData("two-clusters-sidecar-east", true, "http://search/", "search-east-0 search-east-1")]
    [InlineData("two-clusters-sidecar-east", true, "http://ledger.shop/", "gateway-west")]
    [InlineData("two-clusters-sidecar-east", true, "http://web-only.shop.svc.cluster.local/", "web-only")]
    public async Task Service_EveryRequest_GoesWhereItShould(string capture, bool isSidecar, string uri, string backends)
    {
        await using var mesh = await RecordedMesh.StartAsync(capture, _services, isSidecar);

        Assert.Equal(backends, await mesh.BackendsAsync(uri));
    }

    /// <summary>The gateway passes on by SNI what is TLS, and nothing else: plaintext must not even be tried.</summary>
    [Fact]
    public async Task Gateway_TlsRequired_GetsNothingInPlaintext()
    {
        await using var mesh = await RecordedMesh.StartAsync("two-clusters-sidecar-east", _services, isSidecar: true, static options => options.UpstreamTls = UpstreamTlsMode.Required);

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.SendAsync("http://ledger/"));

        Assert.Contains("asks for TLS to endpoint 127.98.100.2:15443", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, _services["gateway-west"].ConnectionCount);
    }

    private static async Task<RecordedServices> StartServicesAsync()
    {
        var services = new RecordedServices();
        await services.AddAsync("search-east-0", "127.30.1.1", 8080);
        await services.AddAsync("search-east-1", "127.30.1.2", 8080);
        await services.AddAsync("web-only", "127.30.2.1", 8080);
        await services.AddAsync("search-west-0", "127.130.1.1", 8080);
        await services.AddAsync("search-west-1", "127.130.1.2", 8080);
        await services.AddAsync("search-west-2", "127.130.1.3", 8080);
        await services.AddAsync("ledger-west-0", "127.130.2.1", 8080);
        await services.AddAsync("ledger-west-1", "127.130.2.2", 8080);
        await services.AddAsync("gateway-east", "127.98.100.1", 15443);
        await services.AddAsync("gateway-west", "127.98.100.2", 15443);
        return services;
    }
}
