using System.Collections.Immutable;
using Google.Protobuf;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Xds;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>What istiod really sends, see tests/data/istiod.</summary>
public sealed class IstiodCaptureTests
{
    private const string V1 = "outbound|80|v1|cart.shop.svc.cluster.local";
    private const string V2 = "outbound|80|v2|cart.shop.svc.cluster.local";

    private static readonly ListenerDecoder ListenerDecoder = new();
    private static readonly RoutesDecoder RoutesDecoder = new();
    private static readonly ClusterDecoder ClusterDecoder = new();
    private static readonly EndpointsDecoder EndpointsDecoder = new();

    [Theory]
    [InlineData("01-lds")]
    [InlineData("06-push-listener")]
    [InlineData("10-push-listener")]
    public void Decode_UpdateListener_FollowsItsRoutes(string file)
    {
        var listener = Assert.Single(Decode(ListenerDecoder, $"grpc-client-update/{file}"));

        Assert.Equal("cart.shop.svc.cluster.local:80", listener.Name);
        Assert.Equal("outbound|80||cart.shop.svc.cluster.local", listener.RoutesName);
        Assert.Equal("envoy.filters.http.fault", Assert.Single(listener.Filters).Name);
    }

    [Theory]
    [InlineData("02-rds")]
    [InlineData("07-push-routeconfiguration")]
    public void Decode_UpdateRoutesBeforeTheEdit_SplitNinetyToTen(string file)
    {
        var routes = Assert.Single(Decode(RoutesDecoder, $"grpc-client-update/{file}"));

        Assert.Equal("outbound|80||cart.shop.svc.cluster.local", routes.Name);
        var host = Assert.Single(routes.VirtualHosts);
        Assert.Equal("cart.shop.svc.cluster.local:80", host.Name);
        Assert.Equal(12, host.Domains.Length);
        Assert.Contains("cart.shop", host.Domains);
        Assert.Equal(["canary-header", "split"], host.Routes.Select(route => route.Name));
        Assert.Equal(PathMatcher.Prefix("/v2"), host.Routes[0].Match.Path);
        Assert.Equal(HeaderMatcher.String("x-canary", StringMatcher.Exact("true")), Assert.Single(host.Routes[0].Match.Headers));
        Assert.Equal<WeightedClusterConfig>([new WeightedClusterConfig(V2, 1)], Clusters(host.Routes[0]));
        Assert.Equal(PathMatcher.Prefix("/"), host.Routes[1].Match.Path);
        Assert.Equal<WeightedClusterConfig>([new WeightedClusterConfig(V1, 90), new WeightedClusterConfig(V2, 10)], Clusters(host.Routes[1]));
    }

    [Fact]
    public void Decode_UpdateRoutesAfterTheEdit_SplitInHalves()
    {
        var routes = Assert.Single(Decode(RoutesDecoder, "grpc-client-update/11-push-routeconfiguration"));

        var route = Assert.Single(Assert.Single(routes.VirtualHosts).Routes);
        Assert.Equal<WeightedClusterConfig>([new WeightedClusterConfig(V1, 50), new WeightedClusterConfig(V2, 50)], Clusters(route));
    }

    [Theory]
    [InlineData("03-cds")]
    [InlineData("05-push-cluster")]
    [InlineData("08-push-cluster")]
    public void Decode_UpdateClusters_AreBalancedAndSecured(string file)
    {
        var clusters = Decode(ClusterDecoder, $"grpc-client-update/{file}").ToDictionary(cluster => cluster.Name);

        Assert.Equal([V1, V2], clusters.Keys.Order());
        Assert.All(clusters.Values, static cluster =>
        {
            Assert.Equal(ClusterDiscoveryType.Eds, cluster.DiscoveryType);
            Assert.Equal(cluster.Name, cluster.EdsName);
            Assert.Equal(
                new TlsConfig
                {
                    Identity = new ProviderCertificates("default", "default"),
                    Roots = new ProviderCertificates("default", "ROOTCA"),
                    SubjectNames = [StringMatcher.Exact("spiffe://cluster.local/ns/shop/sa/cart"), StringMatcher.Exact("spiffe://old.example/ns/shop/sa/cart")],
                },
                cluster.Tls);
        });
        Assert.Equal(new LeastRequestConfig(2), clusters[V1].LoadBalancer);
        Assert.Same(RoundRobinConfig.Instance, clusters[V2].LoadBalancer);
    }

    [Theory]
    [InlineData("04-eds", "127.10.1.3", 10)]
    [InlineData("09-push-clusterloadassignment", "127.10.1.9", 1)]
    public void Decode_UpdateEndpoints_AreInTheirPriorities(string file, string v2Address, uint v2Weight)
    {
        var sets = Decode(EndpointsDecoder, $"grpc-client-update/{file}").ToDictionary(set => set.ClusterName);

        Assert.Equal(
            ["0 eu/eu-1/a 1: 127.10.1.1:8080 1", "1 eu/eu-2/a 1: 127.10.1.2:8080 1", "2 us/us-1/a 1: 127.20.1.1:8080 1"],
            sets[V1].Localities.Select(Words));
        Assert.Equal([$"0 eu/eu-1/a {v2Weight}: {v2Address}:8080 {v2Weight}"], sets[V2].Localities.Select(Words));
    }

    [Fact]
    public void Decode_SidecarClusters_ChooseTheTlsOfEachEndpoint()
    {
        var clusters = Decode(ClusterDecoder, "sidecar-client/01-cds").ToDictionary(cluster => cluster.Name);
        var sets = Decode(EndpointsDecoder, "sidecar-client/02-eds").ToDictionary(set => set.ClusterName);
        var mesh = new TlsConfig
        {
            Identity = new SecretCertificates("default"),
            Roots = new SecretCertificates("ROOTCA"),
            MinVersion = TlsVersion.Tls12,
            MaxVersion = TlsVersion.Tls13,
        };

        // Endpoints of one cluster with and without mutual TLS.
        const string Catalog = "outbound|9090||catalog.shop.svc.cluster.local";
        var tls = sets[Catalog].Localities.SelectMany(locality => locality.Endpoints).ToDictionary(endpoint => endpoint.Address.Host, clusters[Catalog].TlsOf);
        Assert.Equal(mesh with { Sni = "outbound_.9090_._.catalog.shop.svc.cluster.local", ApplicationProtocols = ["istio-peer-exchange", "istio", "h2"] }, Nameless(tls["127.10.2.1"]));
        Assert.Equal(tls["127.10.2.1"], tls["127.10.2.2"]);
        Assert.Null(tls["127.10.2.3"]);

        // The cluster's own, whatever the endpoint says.
        const string Stock = "outbound|80||stock.shop.svc.cluster.local";
        Assert.Equal(ClusterDiscoveryType.OriginalDestination, clusters[Stock].DiscoveryType);
        Assert.Equal(mesh with { Sni = "outbound_.80_._.stock.shop.svc.cluster.local", ApplicationProtocols = ["istio-peer-exchange", "istio"] }, Nameless(clusters[Stock].Tls));
        Assert.Equal(["spiffe://cluster.local/ns/shop/sa/stock", "spiffe://old.example/ns/shop/sa/stock"], clusters[Stock].Tls!.SubjectNames.Select(name => name.Value));
        Assert.Equal(
            new TlsConfig { Roots = SystemRoots.Instance, Sni = "payments.example.com", SubjectNames = [StringMatcher.Exact("payments.example.com")], MinVersion = TlsVersion.Tls12, MaxVersion = TlsVersion.Tls13 },
            clusters["outbound|80||payments.example.com"].Tls);
        Assert.Null(clusters["outbound|8080||legacy.shop.svc.cluster.local"].Tls);

        static TlsConfig? Nameless(TlsConfig? tls) => tls is null ? null : tls with { SubjectNames = [] };
    }

    [Theory]
    [InlineData("outbound|80||search.shop.svc.cluster.local", UpstreamProtocol.Unset)]
    [InlineData("outbound|80||cart.shop.svc.cluster.local", UpstreamProtocol.Http1)]
    [InlineData("outbound|9090||cart.shop.svc.cluster.local", UpstreamProtocol.Http2)]
    [InlineData("PassthroughCluster", UpstreamProtocol.AsRequested)]
    internal void Decode_SidecarClusters_KnowTheirHttpVersion(string cluster, UpstreamProtocol protocol)
        => Assert.Equal(protocol, Decode(ClusterDecoder, "sidecar-client/01-cds").Single(decoded => decoded.Name == cluster).Protocol);

    [Fact]
    public void Decode_SidecarEndpoints_KnowTheirWorkload()
    {
        var sets = Decode(EndpointsDecoder, "two-clusters-sidecar-east/02-eds").ToDictionary(set => set.ClusterName);

        Assert.Equal(
            ["search-0;shop;search;;east", "search-1;shop;search;;east", null],
            sets["outbound|80||search.shop.svc.cluster.local"].Localities.SelectMany(locality => locality.Endpoints).Select(endpoint => endpoint.Workload));
    }

    [Fact]
    public void Decode_SidecarDnsClusters_KeepHowTheyAreLookedUp()
    {
        var payments = Decode(ClusterDecoder, "sidecar-client/01-cds").Single(cluster => cluster.Name == "outbound|80||payments.example.com");

        Assert.Equal((ClusterDiscoveryType.StrictDns, DnsLookupFamily.V4Only), (payments.DiscoveryType, payments.LookupFamily));
        Assert.Equal((TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(100)), (payments.DnsRefreshRate, payments.DnsJitter));
        Assert.Equal("payments.example.com:443", Assert.Single(payments.InlineEndpoints!.Localities).Endpoints.Single().Address.ToString());
    }

    [Fact]
    public void Decode_EndpointsSeenFromTheUnitedStates_HavePrioritiesTurnedRound()
    {
        var sets = Decode(EndpointsDecoder, "grpc-client-us/04-eds").ToDictionary(set => set.ClusterName);

        Assert.Equal(
            ["1 eu/eu-1/a 1: 127.10.1.1:8080 1", "1 eu/eu-2/a 1: 127.10.1.2:8080 1", "0 us/us-1/a 1: 127.20.1.1:8080 1"],
            sets[V1].Localities.Select(Words));
    }

    [Theory]
    [InlineData("01-lds", 12)]
    [InlineData("02-rds", 12)]
    [InlineData("03-cds", 14)]
    [InlineData("04-eds", 14)]
    public void Decode_Shop_RejectsNothing(string file, int count)
    {
        var errors = Errors(file);

        Assert.Equal(count, errors.Count);
        Assert.All(errors.Values, static error => Assert.Equal("", error));
    }

    [Theory]
    [InlineData(false, 4096U)]
    [InlineData(true, 8_388_608U)]
    public void Decode_ShopClusters_HashAsTheirDestinationRulesSay(bool isEnvoy, uint maxRingSize)
    {
        var clusters = Decode(new ClusterDecoder(isEnvoy ? XdsDialect.Envoy : XdsDialect.Grpc), "grpc-client/03-cds").ToDictionary(cluster => cluster.Name, cluster => cluster.LoadBalancer);

        var weighs = !isEnvoy; // gRPC always does, Envoy on demand
        Assert.Equal(new RingHashConfig(2048, maxRingSize) { WeighsLocalities = weighs }, clusters["outbound|9090||catalog.shop.svc.cluster.local"]);
        Assert.Equal(new MaglevConfig(65_537) { WeighsLocalities = weighs }, clusters["outbound|80|v1|orders.shop.svc.cluster.local"]);
        Assert.Equal(new MaglevConfig(65_537) { WeighsLocalities = weighs }, clusters["outbound|80|v2|orders.shop.svc.cluster.local"]);
    }

    private static string Words(LocalityConfig locality)
        => $"{locality.Priority} {locality.Locality} {locality.Weight}: {string.Join(", ", locality.Endpoints.Select(endpoint => $"{endpoint.Address} {endpoint.Weight}"))}";

    /// <summary>The clusters of a route by name and weight alone.</summary>
    private static ImmutableArray<WeightedClusterConfig> Clusters(RouteConfig route)
        => [.. Assert.IsType<ForwardActionConfig>(route.Action).Clusters.Select(static cluster => new WeightedClusterConfig(cluster.ClusterName, cluster.Weight))];

    private static List<T> Decode<T>(IResourceDecoder<T> decoder, string file)
        where T : class
    {
        var results = ResourceJson.Recorded($"{file}.binpb").Select(decoder.Decode).ToList();
        Assert.All(results, static result => Assert.True(result.IsAccepted, string.Join('\n', result.Errors)));
        Assert.All(results, static result => Assert.NotEqual("", result.Name));
        return [.. results.Select(result => result.Resource!)];
    }

    /// <summary>The errors of each resource by its name; empty for one that is accepted.</summary>
    private static Dictionary<string, string> Errors(string file)
    {
        var values = ResourceJson.Recorded($"grpc-client/{file}.binpb");
        return file switch
        {
            "01-lds" => Errors(ListenerDecoder, values),
            "02-rds" => Errors(RoutesDecoder, values),
            "03-cds" => Errors(ClusterDecoder, values),
            _ => Errors(EndpointsDecoder, values),
        };
    }

    private static Dictionary<string, string> Errors<T>(IResourceDecoder<T> decoder, IEnumerable<ByteString> values)
        where T : class
        => values.Select(decoder.Decode).ToDictionary(result => result.Name, result => string.Join('\n', result.Errors));
}
