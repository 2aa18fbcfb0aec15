using ProxylessMesh.ControlPlane.Files;
using ProxylessMesh.ControlPlane.Yaml;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>
/// Given the shop's files, what is made here for its client is what a real istiod made, resource by resource and field by
/// field (see tests/data/istiod/README.md). Every difference stands in a table with its reason, and no line of a table is there
/// without a difference.
/// </summary>
public sealed class IstiodShopTests
{
    private const string Statistics = "names statistics of a proxy";
    private const string Identity = "mTLS is not configured yet";
    private const string Telemetry = "telemetry of a proxy";
    private const string Policy = "traffic policies but for load balancing and retry budgets are not read yet";
    private const string DnsServices = "istiod gives gRPC clients no way to reach a service of resolution DNS; here its names are given";

    private static readonly Allowed[] OfClusters =
    [
        new("", "alt_stat_name", Statistics),
        new("", "transport_socket", Identity),
    ];

    private static readonly Allowed[] OfRoutes =
    [
        new("", "virtual_hosts[].routes[].decorator", Telemetry),
        new("", "virtual_hosts[].routes[].metadata", Telemetry),
    ];

    private static readonly Allowed[] OfEndpoints =
    [
        new("", "endpoints[].lb_endpoints[].metadata", "identity and telemetry of the workload are not given yet"),
        new("cart", "endpoints[].priority", "failover by locality needs outlierDetection, which is not read yet"),
        new("search", "endpoints[].priority", "failover by locality needs outlierDetection, which is not read yet"),
    ];

    [Fact]
    public void Sidecar_SameFiles_MakesIstiodsClusters() => AssertSame("sidecar-client", "01-cds", ResourceTypes.Cluster,
    [
        .. OfClusters,
        new("", "filters", Telemetry),
        new("", "metadata", Telemetry),
        new("", "common_lb_config", Policy),
        new("", "outlier_detection", Policy),
        new("", "transport_socket_matches", Identity),
        new("cart", "connect_timeout", Policy),
        new("cart", "typed_extension_protocol_options", Policy),
        new("cart", "typed_extension_protocol_options.envoy.extensions.upstreams.http.v3.HttpProtocolOptions.common_http_protocol_options", Policy),
        new("legacy", "lb_policy", Policy),
        new("search", "least_request_lb_config", Policy),
        new("example.com", "typed_dns_resolver_config", "which resolver a proxy uses"),
        new("example.com", "load_assignment.endpoints[].lb_endpoints[].metadata", Telemetry),
        new("cart", "circuit_breakers.thresholds[].max_connections", Policy),
        new("cart", "circuit_breakers.thresholds[].max_pending_requests", Policy),
        new("cart", "circuit_breakers.thresholds[].max_requests", Policy),
        new("cart", "circuit_breakers.thresholds[].max_retries", Policy),
        new("PassthroughCluster", "circuit_breakers", "no retry goes there"),
        new("PassthroughCluster", "typed_extension_protocol_options", "how a proxy talks to hosts that nobody declares"),
        new("InboundPassthroughCluster", "", "of the server's side of a proxy"),
    ]);

    [Fact]
    public void Sidecar_SameFiles_MakesIstiodsEndpoints() => AssertSame("sidecar-client", "02-eds", ResourceTypes.ClusterLoadAssignment, OfEndpoints);

    [Fact]
    public void Sidecar_SameFiles_MakesIstiodsRoutes() => AssertSame("sidecar-client", "04-rds", ResourceTypes.RouteConfiguration, OfRoutes);

    [Fact]
    public void Grpc_SameFiles_MakesIstiodsListeners() => AssertSame("grpc-client", "01-lds", ResourceTypes.Listener, []);

    [Fact]
    public void Grpc_SameFiles_MakesIstiodsRoutes() => AssertSame("grpc-client", "02-rds", ResourceTypes.RouteConfiguration,
    [
        .. OfRoutes,
        new("orders", "max_direct_response_body_size_bytes", "istiod says it to sidecars only; without it a body may have 4 KiB and not Istio's 1 MiB"),
    ]);

    [Fact]
    public void Grpc_SameFiles_MakesIstiodsClusters() => AssertSame("grpc-client", "03-cds", ResourceTypes.Cluster,
    [
        .. OfClusters,
        new("cart", "circuit_breakers.thresholds[].max_requests", Policy),
        new("cart", "circuit_breakers.thresholds[].retry_budget", "istiod says it to sidecars only; here every client can keep to it"),
        new("", "connect_timeout", "istiod says it to sidecars only; the same 10 s for everybody"),
        new("example.com", "type", DnsServices),
        new("example.com", "eds_cluster_config", DnsServices),
        new("example.com", "load_assignment", DnsServices),
        new("example.com", "dns_refresh_rate", DnsServices),
    ]);

    [Fact]
    public void Grpc_SameFiles_MakesIstiodsEndpoints() => AssertSame("grpc-client", "04-eds", ResourceTypes.ClusterLoadAssignment,
    [
        .. OfEndpoints,
        new("example.com", "", DnsServices),
    ]);

    [Fact]
    public void Sidecar_SameFiles_MakesIstiodsListenersOfHttpPorts()
    {
        var view = ShopCapture.ViewOf(ShopCapture.Web(isGrpc: false));
        var recorded = ShopCapture.Recorded("sidecar-client", "03-lds").Where(pair => RouteName(pair.Value) is not null).ToArray();

        Assert.Equal(7, recorded.Length);
        foreach (var (name, listener) in recorded)
        {
            var made = ShopCapture.Made(view, ResourceTypes.Listener, name);
            Assert.Equal(RouteName(listener), RouteName(made));
            foreach (var field in (string[])["address", "traffic_direction", "bind_to_port"])
            {
                Assert.Equal(listener[field]!.ToJsonString(), made![field]!.ToJsonString());
            }
        }

        // What is left is TCP, and the proxy's own: virtualOutbound and virtualInbound.
        Assert.Equal(recorded.Select(pair => pair.Key).Order(StringComparer.Ordinal), view.Names(ResourceTypes.Listener));
    }

    [Theory]
    [InlineData("4242")] // a port that nobody has
    [InlineData("reviews.shop.svc.cluster.local:7000")]
    public void Sidecar_RoutesByAnotherName_AreIstiods(string name)
    {
        var made = ShopCapture.Made(ShopCapture.ViewOf(ShopCapture.Web(isGrpc: false)), ResourceTypes.RouteConfiguration, name)!;

        var host = Assert.Single(made["virtual_hosts"]!.AsArray())!;
        Assert.Equal("[\"*\"]", host["domains"]!.ToJsonString());
        Assert.Equal(name == "4242" ? "allow_any" : name, host["name"]!.ToString());
    }

    private static string? RouteName(System.Text.Json.Nodes.JsonNode? listener)
        => listener?["filter_chains"]?[0]?["filters"]?[0]?["typed_config"]?["rds"]?["route_config_name"]?.ToString();

    /// <summary>The shop says more than is understood yet. All else in its files is, and each thing that is not is named.</summary>
    [Fact]
    public void Read_Shop_NamesWhatIsNotSupportedYet()
    {
        string[] expected =
        [
            "PeerAuthentication shop/default kind",
            "PeerAuthentication shop/orders kind",
            "RequestAuthentication shop/orders kind",
            "AuthorizationPolicy shop/orders-allow kind",
            "AuthorizationPolicy shop/orders-deny kind",
            "AuthorizationPolicy shop/orders-audit kind",
            "AuthorizationPolicy shop/orders-custom kind",
            "AuthorizationPolicy shop/orders-dry kind",
            "AuthorizationPolicy shop/cart-nothing kind",
            "Telemetry istio-system/default kind",
            "VirtualService shop/orders spec.http[8].route[0].destination.subset",
            "DestinationRule shop/cart spec.trafficPolicy.connectionPool",
            "DestinationRule shop/cart spec.trafficPolicy.outlierDetection",
            "DestinationRule shop/cart spec.trafficPolicy.tls",
            "DestinationRule shop/search spec.trafficPolicy.loadBalancer.warmup",
            "DestinationRule shop/search spec.trafficPolicy.loadBalancer.localityLbSetting",
            "DestinationRule shop/search spec.trafficPolicy.outlierDetection",
            "DestinationRule shop/legacy spec.trafficPolicy.tls",
            "DestinationRule shop/legacy spec.trafficPolicy.loadBalancer.simple",
            "DestinationRule shop/payments spec.trafficPolicy.portLevelSettings",
        ];

        Assert.Equal(expected, ShopCapture.Read().Errors.Select(error => $"{error.Resource} {error.Path}"));
    }

    /// <summary>The directory as it is also holds a later change: that it was made in another file is seen, not taken for precedence.</summary>
    [Fact]
    public async Task Read_ShopWithItsUpdate_NamesBothFilesOfWhatIsThereTwice()
    {
        var errors = MeshYamlReader.Read(await MeshFileLoader.ReadAsync(ShopCapture.Input, CancellationToken.None)).Errors
            .Where(error => error.Message.StartsWith("the same kind", StringComparison.Ordinal)).ToArray();

        Assert.Equal(["VirtualService shop/cart", "WorkloadEntry shop/cart-v2-a"], errors.Select(error => error.Resource!.ToString()).Order(StringComparer.Ordinal));
        Assert.All(errors, error => Assert.Contains("update.yaml", error.ToString(), StringComparison.Ordinal));
        Assert.Contains(errors, error => error.Message.Contains($"{Path.Combine(ShopCapture.Input, "traffic.yaml")}:", StringComparison.Ordinal));
    }

    private static void AssertSame(string capture, string file, string typeUrl, Allowed[] table)
    {
        var view = ShopCapture.ViewOf(ShopCapture.Web(isGrpc: capture == "grpc-client"));
        var recorded = ShopCapture.Recorded(capture, file);
        var differences = recorded.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .SelectMany(pair => JsonDifference.Between(pair.Key, pair.Value, ShopCapture.Made(view, typeUrl, pair.Key)).Select(difference => (pair.Key, difference)))
            .ToArray();
        var used = new HashSet<Allowed>();
        var unexplained = differences.Where(pair =>
        {
            var field = pair.difference.Field.Length > pair.Key.Length ? pair.difference.Field[(pair.Key.Length + 1)..] : "";
            var line = Array.Find(table, line => pair.difference.Path.Contains(line.Of, StringComparison.Ordinal) && line.Field == field);
            return line is null || (used.Add(line) && false);
        }).Select(pair => pair.difference.ToString()).ToList();
        unexplained.AddRange(table.Except(used).Select(line => $"no difference is left for '{line}'"));

        Assert.Equal([], unexplained);
    }

    /// <summary>A difference that is as it should be.</summary>
    /// <param name="Of">Part of the path of the resources it concerns; empty: all.</param>
    /// <param name="Field">The field, with [] for list elements.</param>
    /// <param name="Reason">Why.</param>
    private sealed record Allowed(string Of, string Field, string Reason);
}
