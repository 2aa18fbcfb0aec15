using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd.Istio;

/// <summary>The services of the recorded shop. Ports of HTTP speak HTTP/1.1 and those of gRPC HTTP/2, and nothing else.</summary>
internal static class Shop
{
    public static async Task<RecordedServices> StartAsync()
    {
        var services = new RecordedServices();
        foreach (var (id, address) in new[] { ("cart-v1-a", "127.10.1.1"), ("cart-v1-b", "127.10.1.2"), ("cart-v2-a", "127.10.1.3"), ("cart-v1-us", "127.20.1.1") })
        {
            await services.AddAsync(id, address, 8080);
            await services.AddAsync($"{id}-grpc", address, 9091, BackendProtocol.Http2);
        }

        foreach (var (id, address) in new[] { ("reviews-v1-a", "127.30.1.1"), ("reviews-v1-b", "127.30.1.2"), ("reviews-v2-a", "127.30.1.3") })
        {
            await services.AddAsync(id, address, 8080);
            await services.AddAsync($"{id}-tcp", address, 7000);
            await services.AddAsync($"{id}-grpc", address, 9090, BackendProtocol.Http2);
        }

        await services.AddAsync("catalog-a", "127.10.2.1", 9090, BackendProtocol.Http2);
        await services.AddAsync("catalog-b", "127.10.2.2", 9090, BackendProtocol.Http2);
        await services.AddAsync("catalog-plain", "127.10.2.3", 9090, BackendProtocol.Http2);
        await services.AddAsync("orders-v1", "127.10.3.1", 8080);
        await services.AddAsync("orders-v2", "127.10.3.2", 8080);
        await services.AddAsync("search-a", "127.10.4.1", 8080);
        await services.AddAsync("search-b", "127.10.4.2", 8080);
        await services.AddAsync("search-us", "127.20.4.1", 8080);
        await services.AddAsync("legacy-0", "127.10.5.1", 8080);
        await services.AddAsync("legacy-1", "127.10.5.2", 9000);
        await services.AddAsync("stock-0", "127.30.2.1", 8080);
        await services.AddAsync("stock-1", "127.30.2.2", 8080);

        // A headless service is dialled at the port of the URI: there is nobody in between who could translate it.
        await services.AddAsync("stock-0-direct", "127.30.2.1", 80);
        services.Name("stock.shop", "127.30.2.1");
        services.Name("stock-0.stock.shop", "127.30.2.1");

        // Outside the cluster, known by name only.
        await services.AddAsync("payments", "127.40.1.1", 80);
        await services.AddAsync("payments-https", "127.40.1.1", 443);
        await services.AddAsync("rates", "127.40.1.2", 80);
        await services.AddAsync("rates-eu", "127.40.1.3", 80);
        await services.AddAsync("partner", "127.40.1.4", 80);
        await services.AddAsync("feeds", "127.40.1.5", 80);
        await services.AddAsync("unknown", "127.40.1.6", 8181);
        services.Name("payments.example.com", "::1", "127.40.1.1");
        services.Name("rates.example.com", "127.40.1.2");
        services.Name("eu.rates.example.com", "127.40.1.3");
        services.Name("partner.shop.svc.cluster.local", "127.40.1.4");
        services.Name("a.feeds.example.com", "127.40.1.5");
        services.Name("unknown.example.org", "127.40.1.6");
        services.Name("orders.shop.svc.cluster.local", "127.40.1.6");
        return services;
    }
}
