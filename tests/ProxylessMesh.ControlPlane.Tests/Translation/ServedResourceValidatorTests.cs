using ProxylessMesh.Configuration;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.Xds;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>The control plane serves nothing that the mesh's own client would reject.</summary>
public sealed class ServedResourceValidatorTests
{
    /// <summary>Every kind, field and resolution that a file may hold.</summary>
    private const string Rich = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: orders, namespace: shop, labels: {team: a}, annotations: {note: b}}
        spec:
          hosts: [orders.shop.svc.cluster.local]
          addresses: [10.96.0.1, 10.0.0.0/8]
          location: MESH_INTERNAL
          resolution: STATIC
          exportTo: ['*']
          subjectAltNames: ['spiffe://cluster.local/ns/shop/sa/orders']
          ports:
          - {number: 80, name: http, protocol: HTTP, targetPort: 8080}
          - {number: 9090, name: grpc, protocol: GRPC}
          - {number: 5432, name: db, protocol: TCP}
          endpoints:
          - {address: 10.0.0.1, labels: {version: v1}, locality: eu/eu-1/a, weight: 3}
          - {address: 'fd00::1', labels: {version: v2}, locality: eu/eu-1/b, ports: {http: 9000}, serviceAccount: orders}
          - {address: 'unix:///run/orders.sock', labels: {version: v2}}
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: payments}
        spec:
          hosts: [payments.example.com, pay.example.com]
          location: MESH_EXTERNAL
          resolution: DNS
          ports: [{number: 443, name: https, protocol: HTTPS}, {number: 80, name: http}]
          endpoints: [{address: a.example.com, locality: us}, {address: b.example.com, locality: eu}]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: rates}
        spec: {hosts: [rates.example.com], resolution: DNS_ROUND_ROBIN, ports: [{number: 80, name: http, targetPort: 8080}]}
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: outside}
        spec: {hosts: [outside.example.com], ports: [{number: 80, name: http}]}
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: empty}
        spec: {hosts: [empty], resolution: STATIC, ports: [{number: 80, name: http}]}
        ---
        apiVersion: networking.istio.io/v1beta1
        kind: DestinationRule
        metadata: {name: orders, namespace: shop}
        spec:
          host: orders
          trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}
          subsets:
          - {name: v1, labels: {version: v1}}
          - {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}
          - {name: nobody, labels: {version: v9}}
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata: {name: orders, namespace: shop}
        spec:
          hosts: [orders]
          gateways: [mesh]
          http:
          - {match: [{uri: {exact: /old}}], redirect: {uri: /new, authority: www.example.com, scheme: https, port: 8443, redirectCode: 308}}
          - {match: [{uri: {exact: /here}}], redirect: {derivePort: FROM_REQUEST_PORT, redirectCode: 302}}
          - {match: [{uri: {exact: /teapot}}], directResponse: {status: 418, body: {string: short and stout}}, headers: {response: {set: {x-direct: 'yes'}}}}
          - match: [{uri: {regex: '/items/[0-9]+/detail'}, queryParams: {page: {exact: '1'}, sort: {prefix: na}, q: {regex: '[a-z]+'}, all: {}}, gateways: [mesh]}]
            rewrite: {uriRegexRewrite: {match: '^/items/([0-9]+)/detail$', rewrite: '/v3/\1'}, authority: internal.orders}
            route: [{destination: {host: orders, subset: v2, port: {number: 80}}, headers: {response: {add: {x-version: v2}}}}]
          - match: [{uri: {prefix: /split}}]
            rewrite: {uri: /internal}
            headers: {request: {set: {x-set: s}, add: {x-add: '%REQ(x-user)%'}, remove: [x-gone]}, response: {set: {x-r: r}, remove: [server]}}
            route:
            - {destination: {host: orders, subset: v1}, weight: 1, headers: {request: {set: {host: one.orders}}}}
            - {destination: {host: orders, subset: v2}, weight: 1, headers: {request: {add: {x-two: '2'}}}}
          - name: matched
            match:
            - {name: regex, uri: {regex: '/items/[0-9]+'}, method: {exact: GET}}
            - {uri: {prefix: /Api}, ignoreUriCase: true, headers: {x-user: {prefix: a}, x-any: {}}, withoutHeaders: {x-block: {exact: '1'}, x-no: {}}}
            - {uri: {exact: /exact}, authority: {regex: 'orders.*'}, scheme: {exact: http}, port: 9090}
            route: [{destination: {host: orders, subset: v1}}]
          - route:
            - {destination: {host: orders, subset: v1}, weight: 90}
            - {destination: {host: orders.shop.svc.cluster.local, subset: v2, port: {number: 80}}, weight: 10}
            - {destination: {host: rates.example.com}, weight: 0}
        """;

    [Fact]
    public void Validate_RichFile_IsAcceptedByEveryDecoder()
        => Assert.Empty(ServedResourceValidator.Validate(MeshYaml.Translate(Rich)));

    [Theory]
    [InlineData("timeout: 1m30s", "route: [{destination: {host: orders}}]")]
    [InlineData("timeout: 8760h", "route: [{destination: {host: orders}}]")]
    [InlineData("headers: {request: {set: {x-start: '%START_TIME%', x-host: '%REQ(:authority)%'}}}", "route: [{destination: {host: orders}}]")]
    [InlineData("headers: {response: {add: {x-empty: ''}}}", "directResponse: {status: 599}")]
    [InlineData("name: large", "directResponse: {status: 200, body: {string: LARGE}}")]
    [InlineData("name: port", "redirect: {authority: 'www.example.com:8443', uri: '/a?b=%20'}")]
    public void Validate_ActionTheReaderAccepts_IsAcceptedByTheDecoders(string field, string action)
    {
        var text = MeshYaml.Service("orders")
            + "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: orders}\nspec:\n  hosts: [orders]\n  http:\n"
            + $"  - {field}\n    {action.Replace("LARGE", new string('a', 1024 * 1024), StringComparison.Ordinal)}\n";

        Assert.Empty(ServedResourceValidator.Validate(MeshYaml.Translate(text)));
    }

    [Fact]
    public void Translate_RichFile_MakesEveryTypeAndNothingIsIgnored()
    {
        var mesh = MeshYaml.Translate(Rich);

        var counts = mesh.All.GroupBy(resource => resource.TypeUrl).ToDictionary(group => group.Key, group => group.Count());

        // 10 ports in all (3 + 2 hosts x 2 + 1 + 1 + 1); orders has 3 ports x (all + 3 subsets), the other clusters have no subsets; 13 of the clusters are static.
        Assert.Equal(10, counts[ResourceTypes.Listener]);
        Assert.Equal(10, counts[ResourceTypes.RouteConfiguration]);
        Assert.Equal(19, counts[ResourceTypes.Cluster]);
        Assert.Equal(13, counts[ResourceTypes.ClusterLoadAssignment]);
        Assert.Empty(mesh.All.SelectMany(Warnings));
    }

    /// <summary>What only clients with certain labels or of a certain namespace ever see is looked at too.</summary>
    [Fact]
    public void Views_RoutesOfSomeClientsOnly_AreAmongThem()
    {
        var views = MeshYaml.Translate(MeshYaml.Service("orders") + """
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: orders}
            spec:
              hosts: [orders]
              http:
              - {name: of-tests, match: [{sourceLabels: {app: tests}}], route: [{destination: {host: orders}}]}
              - {name: of-shop, match: [{sourceNamespace: shop}], route: [{destination: {host: orders}}]}
              - {name: of-all, route: [{destination: {host: orders}}]}
            """).Views.ToArray();

        var seen = views.Select(view => (view.Dialect, Routes: string.Join(' ', RouteNames(view)))).ToHashSet();

        foreach (var dialect in Enum.GetValues<Model.ClientDialect>())
        {
            Assert.Contains((dialect, "of-tests"), seen);
            Assert.Contains((dialect, "of-shop"), seen);
            Assert.Contains((dialect, "of-all"), seen);
        }

        static IEnumerable<string> RouteNames(MeshResources view) => view.All
            .Where(resource => resource.TypeUrl == ResourceTypes.RouteConfiguration)
            .SelectMany(resource => Envoy.Config.Route.V3.RouteConfiguration.Parser.ParseFrom(resource.Value).VirtualHosts[0].Routes)
            .Select(route => route.Name);
    }

    [Fact]
    public void Decode_Routes_MeanWhatTheFileSays()
    {
        var resource = MeshYaml.Translate(Rich).Find(ResourceTypes.RouteConfiguration, "outbound|80||orders.shop.svc.cluster.local")!;

        var routes = new RoutesDecoder().Decode(resource.Value).Resource!.VirtualHosts[0].Routes[5..];

        Assert.Equal(["matched.regex", "matched", ""], routes.Select(route => route.Name));
        Assert.True(routes[0].Match.Path.IsMatch("/items/17"));
        Assert.False(routes[0].Match.Path.IsMatch("/items/17/x"));
        Assert.True(routes[1].Match.Path.IsMatch("/api/orders"));
        Assert.Equal(
            [("outbound|80|v1|orders.shop.svc.cluster.local", 90u), ("outbound|80|v2|orders.shop.svc.cluster.local", 10u)],
            Assert.IsType<ForwardActionConfig>(routes[2].Action).Clusters.Select(cluster => (cluster.ClusterName, cluster.Weight)));
    }

    private static IReadOnlyList<string> Warnings(XdsResource resource) => resource.TypeUrl switch
    {
        ResourceTypes.Listener => new ListenerDecoder().Decode(resource.Value).Warnings,
        ResourceTypes.RouteConfiguration => new RoutesDecoder().Decode(resource.Value).Warnings,
        ResourceTypes.Cluster => new ClusterDecoder().Decode(resource.Value).Warnings,
        _ => new EndpointsDecoder().Decode(resource.Value).Warnings,
    };
}
