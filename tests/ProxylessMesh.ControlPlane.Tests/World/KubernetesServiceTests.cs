using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Tests.Translation;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.ControlPlane.Yaml;
using ProxylessMesh.Xds;
using DiscoveryType = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType;

namespace ProxylessMesh.ControlPlane.Tests.World;

public sealed class KubernetesServiceTests
{
    private const string Host = "cart.shop.svc.cluster.local";

    private const string Pods = """
        ---
        apiVersion: v1
        kind: Node
        metadata: {name: n1, labels: {topology.kubernetes.io/region: eu, topology.kubernetes.io/zone: eu-1, topology.istio.io/subzone: a}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: cart-a, namespace: shop, uid: 1f, labels: {app: cart, version: v1}}
        spec: {serviceAccountName: cart, nodeName: n1, containers: [{name: app, image: cart, ports: [{name: web, containerPort: 8081}, {containerPort: 9000}]}]}
        status: {podIP: 10.1.0.1, phase: Running, conditions: [{type: Ready, status: "True"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: cart-b, namespace: shop, labels: {app: cart, istio-locality: us.us-1}}
        spec: {containers: [{name: app, ports: [{name: web, containerPort: 8082}]}]}
        status: {podIP: 10.1.0.2, phase: Running, conditions: [{type: Ready, status: "True"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: cart-c, namespace: shop, labels: {app: cart}}
        spec: {containers: []}
        status: {podIP: 10.1.0.3, phase: Running, conditions: [{type: Ready, status: "False"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: cart-elsewhere, namespace: other, labels: {app: cart}}
        spec: {}
        status: {podIP: 10.1.0.4}
        ---
        apiVersion: networking.istio.io/v1
        kind: WorkloadEntry
        metadata: {name: vm, namespace: shop, labels: {app: cart}}
        spec: {address: 10.2.0.1, ports: {http: 7000}, weight: 5, serviceAccount: cart-vm}

        """;

    [Theory]
    [InlineData("{name: http, port: 80, targetPort: 8080}", "10.1.0.1:8080", "10.1.0.2:8080", "10.2.0.1:7000")]
    [InlineData("{name: http, port: 80, targetPort: web}", "10.1.0.1:8081", "10.1.0.2:8082", "10.2.0.1:7000")]
    [InlineData("{name: other, port: 80, targetPort: web}", "10.1.0.1:8081", "10.1.0.2:8082")]
    [InlineData("{name: other, port: 80, targetPort: nosuch}")]
    [InlineData("{port: 80}", "10.1.0.1:80", "10.1.0.2:80", "10.2.0.1:80")]
    public void Translate_ServiceWithoutSlices_HasTheReadyPodsAndWorkloadEntriesItSelects(string port, params string[] expected)
        => Assert.Equal(expected, Addresses(View(Service($"clusterIP: 10.96.0.1, selector: {{app: cart}}, ports: [{port}]") + Pods), "outbound|80||" + Host));

    [Fact]
    public void Translate_Slices_TakeThePlaceOfSelectedPods()
    {
        var view = View(Service("clusterIP: 10.96.0.1, ports: [{name: http, port: 80}, {name: grpc, port: 90}]") + Pods + Slice);

        var group = Assert.Single(view.Endpoints("outbound|80||" + Host).Endpoints);

        Assert.Equal(["10.1.0.1:8081"], Addresses(view, "outbound|80||" + Host));
        Assert.Equal(("eu", "eu-1", "a"), (group.Locality.Region, group.Locality.Zone, group.Locality.SubZone));
        Assert.Equal(Envoy.Config.Core.V3.HealthStatus.Healthy, group.LbEndpoints[0].HealthStatus);
        Assert.Empty(view.Endpoints("outbound|90||" + Host).Endpoints); // the slice does not serve it
    }

    [Fact]
    public void Read_Pods_KeepTheirIdentity()
    {
        var service = MeshYamlReader.Read("k8s.yaml", Service("selector: {app: cart}, ports: [{port: 80}]") + Pods).World.Services[0];

        Assert.Equal(["cart", "default", "cart-vm"], service.Endpoints.Select(endpoint => endpoint.ServiceAccount));
        Assert.Equal(["eu/eu-1/a", "us/us-1", ""], service.Endpoints.Select(endpoint => endpoint.Locality));
    }

    [Theory]
    [InlineData("{name: http-web, port: 80}", true, false)]
    [InlineData("{name: grpc, port: 80}", true, true)]
    [InlineData("{name: grpc-web-x, port: 80}", true, true)]
    [InlineData("{name: http2, port: 80}", true, true)]
    [InlineData("{name: tcp-db, port: 80}", false, false)]
    [InlineData("{name: https, port: 80}", false, false)]
    [InlineData("{name: redis, port: 80}", false, false)]
    [InlineData("{name: whatever, port: 80}", true, false)]
    [InlineData("{port: 80}", true, false)]
    [InlineData("{name: tcp, port: 80, appProtocol: http}", true, false)]
    [InlineData("{name: http, port: 80, appProtocol: tcp}", false, false)]
    [InlineData("{name: http, port: 80, appProtocol: kubernetes.io/h2c}", true, true)]
    public void Translate_Protocol_IsAppProtocolOrThePortsName(string port, bool isHttp, bool isHttp2)
    {
        var view = View(Service($"clusterIP: 10.96.0.1, ports: [{port}]"), ClientDialect.Sidecar);

        Assert.Equal(isHttp, view.Names(ResourceTypes.RouteConfiguration).Contains("80"));
        Assert.Equal(isHttp2, view.Cluster("outbound|80||" + Host).TypedExtensionProtocolOptions.Count > 0);
    }

    [Theory]
    [InlineData(false, DiscoveryType.Eds)]
    [InlineData(true, DiscoveryType.OriginalDst)]
    public void Translate_Headless_IsItsPodsForGrpcAndTheCallersAddressForSidecars(bool isSidecar, DiscoveryType type)
    {
        var dialect = isSidecar ? ClientDialect.Sidecar : ClientDialect.Grpc;
        var view = View(Service("clusterIP: None, selector: {app: cart}, ports: [{name: http, port: 80}]") + Pods, dialect);

        Assert.Equal(type, view.Cluster("outbound|80||" + Host).Type);
        Assert.Contains("*.cart.shop", view.Routes(dialect == ClientDialect.Grpc ? "outbound|80||" + Host : "80").VirtualHosts[0].Domains);
    }

    [Fact]
    public void Translate_ExternalNameOfAMeshService_IsAnotherNameForIt()
    {
        var alias = Service($"type: ExternalName, externalName: {Host}, ports: [{{name: http, port: 80}}]").Replace("name: cart,", "name: basket,", StringComparison.Ordinal);
        var text = Service("clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]") + "---\n" + alias;

        Assert.Contains("basket.shop", View(text, ClientDialect.Sidecar).Routes("80").VirtualHosts[0].Domains);
        Assert.Equal("outbound|80||" + Host, View(text).Routes("outbound|80||basket.shop.svc.cluster.local").VirtualHosts[0].Routes[0].Route_.Cluster);
    }

    [Fact]
    public void Translate_ExternalNameOfAnotherHost_IsPassedThrough()
    {
        var text = Service("type: ExternalName, externalName: cart.example.com, ports: [{name: http, port: 80}]");

        Assert.NotNull(View(text).FindListener("cart.shop:80"));
        Assert.Empty(View(text).Routes("outbound|80||" + Host).VirtualHosts);
        Assert.Equal(["allow_any"], View(text, ClientDialect.Sidecar).Routes("80").VirtualHosts.Select(host => host.Name));
    }

    [Theory]
    [InlineData("eu/eu-1/a", 0u, 1u)]
    [InlineData("us/us-1/a", 1u, 0u)]
    [InlineData("", 0u, 0u)]
    public void Translate_TrafficDistribution_PutsTheClientsLocalityFirst(string locality, params uint[] expected)
    {
        var text = Service("clusterIP: 10.96.0.1, trafficDistribution: PreferClose, selector: {app: cart}, ports: [{name: http, port: 80, targetPort: web}]") + Pods;
        var view = MeshYaml.Translate(text.Replace("kind: WorkloadEntry", "kind: WorkloadGroup", StringComparison.Ordinal)).For(MeshClient.Default with { Namespace = "shop", Locality = locality });

        Assert.Equal(expected, view.Endpoints("outbound|80||" + Host).Endpoints.Select(group => group.Priority));
    }

    [Fact]
    public void Read_ServiceEntryOfTheSameHost_LosesToTheService()
    {
        var text = MeshYaml.Service(Host) + "---\n" + Service("clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]");

        var result = MeshYamlReader.Read("k8s.yaml", text);

        Assert.True(Assert.Single(result.Directory.Services).IsKubernetes);
        Assert.Contains("belongs to Service shop/cart, which comes first", Assert.Single(result.Warnings).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: Service\nspec: {ports: []}", "Service shop/cart: spec.ports: must list at least one port of protocol TCP")]
    [InlineData("kind: Service\nspec: {ports: [{name: a}]}", "Service shop/cart: spec.ports[0].port: is required", "Service shop/cart: spec.ports: must list at least one port of protocol TCP")]
    [InlineData("kind: Service\nspec: {ports: [{port: 80, targetPort: 70000}]}", "Service shop/cart: spec.ports[0].targetPort: must be a port from 1 to 65535 or the name of a container's port, not '70000'")]
    [InlineData("kind: Service\nspec: {ports: [{port: 80}, {port: 80}]}", "Service shop/cart: spec.ports: number '80' is used by several ports; each needs its own")]
    [InlineData("kind: Service\nspec: {ports: [{port: 80, protocol: HTTP}]}", "Service shop/cart: spec.ports[0].protocol: must be TCP, UDP or SCTP, not 'HTTP'", "Service shop/cart: spec.ports: must list at least one port of protocol TCP")]
    [InlineData("kind: Service\nspec: {type: ExternalName, ports: [{port: 80}]}", "Service shop/cart: spec.externalName: is required")]
    [InlineData("kind: Service\nspec: {port: 80, ports: [{port: 80}]}", "Service shop/cart: spec.port: is not a known field; known here: allocateLoadBalancerNodePorts, clusterIP, clusterIPs, externalIPs, externalTrafficPolicy, healthCheckNodePort, internalTrafficPolicy, ipFamilies, ipFamilyPolicy, loadBalancerClass, loadBalancerIP, loadBalancerSourceRanges, ports, publishNotReadyAddresses, selector, sessionAffinity, sessionAffinityConfig, trafficDistribution, type")]
    [InlineData("kind: Service\nspec: {trafficDistribution: Near, ports: [{port: 80}]}", "Service shop/cart: spec.trafficDistribution: must be PreferClose, PreferSameZone or PreferSameNode, not 'Near'")]
    [InlineData("kind: Pod\nspec: {nodeName: 7}\nstatus: {}", "Pod shop/cart: spec.nodeName: must be a string; write \"7\" in quotes")]
    public void Read_WrongResource_NamesFieldAndRemedy(string rest, params string[] expected)
        => Assert.Equal(expected, Errors($"apiVersion: v1\nmetadata: {{name: cart, namespace: shop}}\n{rest}\n"));

    [Theory]
    [InlineData("networking.istio.io/exportTo: 'shop, a.b'", "the annotation networking.istio.io/exportTo: 'a.b' is neither '*' (every namespace), '.' (its own), '~' (none) nor the name of a namespace")]
    [InlineData("networking.istio.io/exportTo: '*,shop'", "the annotation networking.istio.io/exportTo: '*' and '~' say all there is to say; remove the others")]
    [InlineData("networking.istio.io/traffic-distribution: Near", "the annotation networking.istio.io/traffic-distribution must be PreferClose, PreferSameZone or PreferSameNode, not 'Near'")]
    public void Read_WrongAnnotation_NamesIt(string annotation, string expected)
        => Assert.Equal(
            ["Service shop/cart: metadata: " + expected],
            Errors($"apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: shop, annotations: {{{annotation}}}}}\nspec: {{ports: [{{port: 80}}]}}\n"));

    [Theory]
    [InlineData("labels: {}", "", "metadata: must have the label kubernetes.io/service-name, which names the Service")]
    [InlineData("labels: {kubernetes.io/service-name: cart}", "addressType: FQDN", "addressType: must be IPv4 or IPv6, not 'FQDN'")]
    [InlineData("labels: {kubernetes.io/service-name: cart}", "ports: [{name: a}]", "ports[0].port: is required")]
    [InlineData("labels: {kubernetes.io/service-name: cart}", "ports: [{name: a, port: 1}, {name: a, port: 2}]", "ports[1].name: 'a' is used by several ports; each needs its own")]
    [InlineData("labels: {kubernetes.io/service-name: cart}", "endpoints: [{addresses: []}]", "endpoints[0].addresses: must hold an address")]
    [InlineData("labels: {kubernetes.io/service-name: cart}", "endpoints: [{addresses: [pod.example.com]}]", "endpoints[0].addresses: 'pod.example.com' is not an IP address")]
    [InlineData("labels: {kubernetes.io/service-name: cart}", "endpoints: [{addresses: [10.0.0.1], conditions: {ready: 1}}]", "endpoints[0].conditions.ready: must be true or false")]
    [InlineData("labels: {kubernetes.io/service-name: cart}", "spec: {}\nendpoint: []", "endpoint: is not a known field; known here: addressType, apiVersion, endpoints, kind, metadata, ports, spec, status")]
    public void Read_WrongSlice_NamesFieldAndRemedy(string labels, string rest, string expected)
        => Assert.Equal(["EndpointSlice shop/cart: " + expected], Errors($"apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: cart, namespace: shop, {labels}}}\n{rest}\n"));

    private const string Slice = """
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: cart-1, namespace: shop, labels: {kubernetes.io/service-name: cart}}
        addressType: IPv4
        ports: [{name: http, port: 8081, protocol: TCP}]
        endpoints:
        - {addresses: [10.1.0.1], targetRef: {kind: Pod, name: cart-a, namespace: shop}, nodeName: n1}
        - {addresses: [10.1.0.2], conditions: {ready: false, serving: true, terminating: true}}
        """;

    private static string Service(string spec) => $"apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: shop}}\nspec: {{{spec}}}\n";

    private static MeshResources View(string text, ClientDialect dialect = ClientDialect.Grpc)
        => MeshYaml.Translate(text).For(MeshClient.Default with { Dialect = dialect, Namespace = "shop" });

    private static IEnumerable<string> Addresses(MeshResources view, string cluster)
        => view.Endpoints(cluster).Endpoints.SelectMany(group => group.LbEndpoints).Select(endpoint => endpoint.Endpoint.Address.SocketAddress).Select(address => $"{address.Address}:{address.PortValue}");

    private static IEnumerable<string> Errors(string text)
        => MeshYamlReader.Read("k8s.yaml", text).Errors.Select(error => error.ToString()).Select(error => error[(error.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
}
