using Envoy.Config.Route.V3;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

public sealed class RouteTranslatorTests
{
    private const string TwoPorts = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: orders}
        spec:
          hosts: [orders]
          resolution: STATIC
          ports:
          - {number: 80, name: http, protocol: HTTP}
          - {number: 81, name: grpc, protocol: GRPC}
          - {number: 5432, name: db, protocol: TCP}
          endpoints: [{address: 127.0.0.1}]
        ---

        """;

    [Fact]
    public void Translate_NoVirtualService_IsOneDefaultRoute()
    {
        var host = MeshYaml.Translate(MeshYaml.Service("orders")).VirtualHost("outbound|80||orders");

        var route = Assert.Single(host.Routes);
        Assert.Equal("default", route.Name);
        Assert.Equal("/", route.Match.Prefix);
        Assert.Equal("outbound|80||orders", route.Route_.Cluster);
        Assert.Equal(TimeSpan.Zero, route.Route_.Timeout.ToTimeSpan());
    }

    [Theory]
    [InlineData("orders", "", "orders", "orders:80")]
    [InlineData(
        "cart.shop.svc.cluster.local",
        "10.96.0.1, 10.0.0.0/8, 'fd00::1'",
        "cart.shop.svc.cluster.local", "cart.shop.svc.cluster.local:80",
        "cart.shop.svc.cluster.local.", "cart.shop.svc.cluster.local.:80",
        "cart.shop", "cart.shop:80", "cart.shop.svc", "cart.shop.svc:80", // no "cart": the client is in another namespace
        "10.96.0.1", "10.96.0.1:80", "[fd00::1]", "[fd00::1]:80")]
    public void Translate_Domains_AreEveryFormACallerMayWrite(string serviceHost, string addresses, params string[] expected)
    {
        var text = MeshYaml.Service(serviceHost).Replace("resolution:", $"addresses: [{addresses}]\n  resolution:", StringComparison.Ordinal);

        var host = MeshYaml.Translate(text).VirtualHost($"outbound|80||{serviceHost}");

        Assert.Equal($"{serviceHost}:80", host.Name);
        Assert.Equal(expected, host.Domains);
    }

    [Fact]
    public void Translate_PortThatIsNotHttp_HasNoVirtualHost()
    {
        var resource = MeshYaml.Translate(TwoPorts).Find(ResourceTypes.RouteConfiguration, "outbound|5432||orders");

        Assert.Empty(RouteConfiguration.Parser.ParseFrom(resource!.Value).VirtualHosts);
    }

    [Fact]
    public void Translate_Weights_BecomeWeightedClusters()
    {
        var action = Assert.Single(MeshYaml.Translate(MeshYaml.Orders).VirtualHost("outbound|80||orders").Routes).Route_;

        Assert.Equal(
            [("outbound|80|v1|orders", 90u), ("outbound|80|v2|orders", 10u)],
            action.WeightedClusters.Clusters.Select(cluster => (cluster.Name, cluster.Weight!.Value)));
    }

    [Fact]
    public void Translate_WeightZeroAmongSeveral_IsLeftOut()
    {
        var text = MeshYaml.Orders.Replace("weight: 10", "weight: 0", StringComparison.Ordinal);

        var action = Assert.Single(MeshYaml.Translate(text).VirtualHost("outbound|80||orders").Routes).Route_;

        Assert.Equal("outbound|80|v1|orders", Assert.Single(action.WeightedClusters.Clusters).Name);
    }

    [Fact]
    public void Translate_MatchList_IsOneRouteEachAndEndsAtTheFirstThatTakesEverything()
    {
        var host = Translate("""
            - name: api
              match:
              - {name: first, uri: {prefix: /a}}
              - {uri: {exact: /b}}
              route: [{destination: {host: orders}}]
            - route: [{destination: {host: orders}}]
            - match: [{uri: {prefix: /never}}]
              route: [{destination: {host: orders}}]
            """);

        Assert.Equal(["api.first", "api", ""], host.Routes.Select(route => route.Name));
        Assert.Equal(["/a", "", "/"], host.Routes.Select(route => route.Match.Prefix));
        Assert.Equal("/b", host.Routes[1].Match.Path);
    }

    [Fact]
    public void Translate_PrefixOfEverythingWithHeaders_DoesNotEndTheList()
    {
        var host = Translate("""
            - match: [{uri: {prefix: /}, headers: {x-test: {exact: a}}}]
              route: [{destination: {host: orders}}]
            - route: [{destination: {host: orders}}]
            """);

        Assert.Equal(2, host.Routes.Count);
    }

    [Theory]
    [InlineData(80, 1)]
    [InlineData(81, 2)]
    public void Translate_MatchOnPort_SelectsTheListener(int port, int routes)
    {
        var host = Translate("""
            - match: [{port: 81, uri: {prefix: /a}}]
              route: [{destination: {host: orders}}]
            - match: [{uri: {prefix: /b}}]
              route: [{destination: {host: orders}}]
            """, port);

        Assert.Equal(routes, host.Routes.Count);
    }

    [Theory]
    [InlineData(80, "outbound|80||orders")]
    [InlineData(81, "outbound|81||orders")]
    public void Translate_DestinationWithoutPort_TakesTheListenersPort(int port, string cluster)
        => Assert.Equal(cluster, Translate("- route: [{destination: {host: orders}}]", port).Routes[0].Route_.Cluster);

    [Fact]
    public void Translate_DestinationWithPort_TakesThatPort()
        => Assert.Equal("outbound|81||orders", Translate("- route: [{destination: {host: orders, port: {number: 81}}}]").Routes[0].Route_.Cluster);

    [Fact]
    public void Translate_DestinationWithOnePort_TakesThatPort()
    {
        var text = TwoPorts + MeshYaml.Service("solo", port: 9090) + "---\n" + VirtualService("- route: [{destination: {host: solo}}]");

        Assert.Equal("outbound|9090||solo", MeshYaml.Translate(text).VirtualHost("outbound|80||orders").Routes[0].Route_.Cluster);
    }

    [Fact]
    public void Translate_Conditions_KeepIstiosOrderAndMeaning()
    {
        var match = Translate("""
            - match:
              - uri: {regex: '/items/[0-9]+'}
                scheme: {exact: http}
                authority: {prefix: orders}
                method: {regex: 'GET|HEAD'}
                headers: {X-User: {regex: 'a.*'}, x-any: {}, x-star: {regex: '*'}, x-exact: {exact: '1'}}
                withoutHeaders: {x-block: {exact: '1'}, x-none: {}}
              route: [{destination: {host: orders}}]
            """).Routes[0].Match;

        Assert.Equal("/items/[0-9]+", match.SafeRegex.Regex);
        Assert.Equal(
            ["x-any", "x-block", "x-exact", "x-none", "x-star", "x-user", ":method", ":authority", ":scheme"],
            match.Headers.Select(header => header.Name));
        var byName = match.Headers.ToDictionary(header => header.Name);
        Assert.True(byName["x-any"].PresentMatch);
        Assert.True(byName["x-star"].PresentMatch);
        Assert.Equal("1", byName["x-exact"].StringMatch.Exact);
        Assert.Equal("a.*", byName["x-user"].StringMatch.SafeRegex.Regex);
        Assert.True(byName["x-block"] is { InvertMatch: true, TreatMissingHeaderAsEmpty: true, StringMatch.Exact: "1" });
        Assert.True(byName["x-none"] is { InvertMatch: true, PresentMatch: true, TreatMissingHeaderAsEmpty: false });
        Assert.Equal("GET|HEAD", byName[":method"].StringMatch.SafeRegex.Regex);
        Assert.Equal("orders", byName[":authority"].StringMatch.Prefix);
        Assert.Equal("http", byName[":scheme"].StringMatch.Exact);
    }

    [Theory]
    [InlineData("false", true)]
    [InlineData("true", false)]
    public void Translate_IgnoreUriCase_IsCaseSensitiveTurnedRound(string ignore, bool expected)
        => Assert.Equal(expected, Translate(
            "- match: [{uri: {prefix: /A}, ignoreUriCase: " + ignore + "}]\n  route: [{destination: {host: orders}}]").Routes[0].Match.CaseSensitive);

    private static VirtualHost Translate(string http, int port = 80)
        => MeshYaml.Translate(TwoPorts + VirtualService(http)).VirtualHost($"outbound|{port}||orders");

    private static string VirtualService(string http) =>
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: orders}\nspec:\n  hosts: [orders]\n  http:\n"
        + string.Concat(http.Split('\n').Select(line => $"  {line}\n"));
}
