using Envoy.Config.Route.V3;
using Envoy.Service.Discovery.V3;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>
/// Given the same VirtualService, the routes made here are those that a real istiod made for a gRPC client, field by field
/// (see tests/data/istiod/README.md). What is left out of the comparison stands in <see cref="Comparable"/>, each with its reason.
/// </summary>
public sealed class IstiodRoutesTests
{
    private const string Orders = "outbound|80||orders.shop.svc.cluster.local";

    private const string Shop = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: orders, namespace: shop}
        spec:
          hosts: [orders.shop.svc.cluster.local]
          addresses: [10.96.0.13]
          resolution: STATIC
          ports: [{number: 80, name: http, protocol: HTTP}]
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: orders, namespace: shop}
        spec:
          host: orders.shop.svc.cluster.local
          subsets:
          - {name: v1, labels: {version: v1}}
          - {name: v2, labels: {version: v2}}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: orders, namespace: shop}
        spec:
          hosts: [orders.shop.svc.cluster.local]
          http:
          - name: redirect
            match: [{uri: {exact: /old}}]
            redirect: {uri: /new, authority: www.example.com, redirectCode: 308, scheme: https}
          - name: direct
            match: [{uri: {exact: /teapot}}]
            directResponse: {status: 418, body: {string: "short and stout"}}
            headers: {response: {set: {x-direct: "yes"}}}
          - name: regex-rewrite
            match: [{uri: {regex: "/items/[0-9]+/detail"}, method: {exact: GET}}]
            rewrite:
              uriRegexRewrite: {match: "^/items/([0-9]+)/detail$", rewrite: '/v3/\1'}
            route: [{destination: {host: orders.shop.svc.cluster.local, subset: v2, port: {number: 80}}}]
          - name: all-matchers
            match:
            - uri: {prefix: /Api}
              ignoreUriCase: true
              headers: {x-user: {regex: "a.*"}, x-present: {}, x-pre: {prefix: abc}}
              withoutHeaders: {x-block: {exact: "1"}, x-none: {}}
              queryParams: {page: {exact: "1"}, sort: {prefix: "na"}, q: {regex: "[a-z]+"}}
              authority: {prefix: orders}
              scheme: {exact: http}
              method: {regex: "GET|HEAD"}
            - uri: {exact: /also}
            rewrite: {uri: /internal, authority: internal.orders}
            route: [{destination: {host: orders.shop.svc.cluster.local, subset: v1, port: {number: 80}}}]
            headers:
              request: {set: {x-set: s}, add: {x-add: "%REQ(x-user)%"}, remove: [x-gone]}
              response: {set: {x-r: r}, remove: [server]}
          - name: cors
            match: [{uri: {prefix: /cors}}]
            headers: {request: {set: {":authority": cors.example}}}
            route: [{destination: {host: orders.shop.svc.cluster.local, subset: v1, port: {number: 80}}}]
        """;

    [Theory]
    [InlineData("redirect", 1)]
    [InlineData("direct", 1)]
    [InlineData("regex-rewrite", 1)]
    [InlineData("all-matchers", 2)]
    [InlineData("cors", 1)]
    public void Translate_SameVirtualService_MakesIstiodsRoutes(string name, int count)
    {
        var expected = Recorded().Routes.Where(route => route.Name == name).Select(Comparable).ToArray();

        var actual = MeshYaml.Translate(Shop).VirtualHost(Orders).Routes.Where(route => route.Name == name).Select(Comparable).ToArray();

        Assert.Equal(count, expected.Length);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Translate_SameService_HasIstiodsDomains()
    {
        var host = MeshYaml.Translate(Shop).VirtualHost(Orders);

        Assert.Equal(Recorded().Name, host.Name);
        // The order of exact domains means nothing; here the short forms come shortest first.
        Assert.Equal(Recorded().Domains.Order(StringComparer.Ordinal), host.Domains.Order(StringComparer.Ordinal));
    }

    private static Route Comparable(Route route)
    {
        var copy = route.Clone();
        copy.Metadata = null; // names the Kubernetes object, for logs of a proxy
        copy.Decorator = null; // names the operation, for traces of a proxy
        copy.TypedPerFilterConfig.Clear(); // CORS: mesh.yaml has no corsPolicy, which has no effect in a client
        if (copy.Route_ is { } action)
        {
            action.RetryPolicy = null; // mesh.yaml has no retries yet
            action.HashPolicy.Clear(); // mesh.yaml has no consistentHash yet
        }

        // istiod sends query parameters in random order.
        var parameters = copy.Match.QueryParameters.OrderBy(parameter => parameter.Name, StringComparer.Ordinal).ToArray();
        copy.Match.QueryParameters.Clear();
        copy.Match.QueryParameters.AddRange(parameters);
        return copy;
    }

    private static VirtualHost Recorded()
    {
        var response = DiscoveryResponse.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "istiod", "grpc-client", "02-rds.binpb")));
        var routes = response.Resources
            .Where(resource => resource.TypeUrl == ResourceTypes.RouteConfiguration)
            .Select(resource => RouteConfiguration.Parser.ParseFrom(resource.Value));
        return Assert.Single(routes, configuration => configuration.Name == Orders).VirtualHosts[0];
    }
}
