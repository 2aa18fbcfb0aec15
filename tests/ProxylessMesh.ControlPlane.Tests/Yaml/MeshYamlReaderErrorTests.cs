using ProxylessMesh.ControlPlane.Yaml;

namespace ProxylessMesh.ControlPlane.Tests.Yaml;

/// <summary>One row per rule: the file, and every message it must give.</summary>
public sealed class MeshYamlReaderErrorTests
{
    private const string ServiceHead = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: orders}\nspec:\n";
    private const string RouteHead = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: orders, namespace: shop}\nspec:\n";
    private const string RuleHead = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: orders}\nspec:\n";
    private const string Ports = "  ports: [{number: 80, name: http}]\n";

    private static readonly string OrdersBefore = MeshYaml.Service("orders") + "---\n"; // 9 lines

    [Theory]
    [InlineData("  hosts: [orders]\n  hostz: [a]\n" + Ports, "mesh.yaml:6: ServiceEntry default/orders: spec.hostz: is not a known field; known here: addresses, endpoints, exportTo, hosts, location, ports, resolution, subjectAltNames, workloadSelector")]
    [InlineData("  hosts: [orders]\n  hosts: [a]\n" + Ports, "mesh.yaml:6: ServiceEntry default/orders: spec.hosts: is given twice (first in line 5); remove one")]
    [InlineData(Ports, "mesh.yaml:5: ServiceEntry default/orders: spec.hosts: must list at least one host")]
    [InlineData("  hosts: orders\n" + Ports, "mesh.yaml:5: ServiceEntry default/orders: spec.hosts: must be a list; start each item with '- '", "mesh.yaml:5: ServiceEntry default/orders: spec.hosts: must list at least one host")]
    [InlineData("  hosts: [80]\n" + Ports, "mesh.yaml:5: ServiceEntry default/orders: spec.hosts[0]: must be a string; write \"80\" in quotes", "mesh.yaml:5: ServiceEntry default/orders: spec.hosts: must list at least one host")]
    [InlineData("  hosts: ['a*.example.com']\n" + Ports, "mesh.yaml:5: ServiceEntry default/orders: spec.hosts[0]: 'a*.example.com' is no wildcard host; write '*.example.com', or '*' for every host")]
    [InlineData("  hosts: ['http://orders']\n" + Ports, "mesh.yaml:5: ServiceEntry default/orders: spec.hosts[0]: 'http://orders' is not a host name; write it without scheme, port and path")]
    [InlineData("  hosts: [orders]\n", "mesh.yaml:5: ServiceEntry default/orders: spec.ports: must list at least one port")]
    [InlineData("  hosts: [orders]\n  ports:\n  - {number: 99999, name: http}\n", "mesh.yaml:7: ServiceEntry default/orders: spec.ports[0].number: must be a whole number from 1 to 65535, not '99999'")]
    [InlineData("  hosts: [orders]\n  ports:\n  - {number: '80', name: http}\n", "mesh.yaml:7: ServiceEntry default/orders: spec.ports[0].number: must be a whole number from 1 to 65535, not '80'")]
    [InlineData("  hosts: [orders]\n  ports:\n  - {number: 80}\n", "mesh.yaml:7: ServiceEntry default/orders: spec.ports[0].name: is required")]
    [InlineData("  hosts: [orders]\n  ports:\n  - {number: 80, name: http, protocol: UDP}\n", "mesh.yaml:7: ServiceEntry default/orders: spec.ports[0].protocol: must be one of HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, not 'UDP'")]
    [InlineData("  hosts: [orders]\n  ports: [{number: 80, name: a}, {number: 80, name: b}]\n", "mesh.yaml:6: ServiceEntry default/orders: spec.ports: number '80' is used by several ports; each needs its own")]
    [InlineData("  hosts: [orders]\n  resolution: MAGIC\n" + Ports, "mesh.yaml:6: ServiceEntry default/orders: spec.resolution: must be one of STATIC, DNS, DNS_ROUND_ROBIN, NONE, not 'MAGIC'")]
    [InlineData("  hosts: [orders]\n  location: HERE\n" + Ports, "mesh.yaml:6: ServiceEntry default/orders: spec.location: must be MESH_EXTERNAL or MESH_INTERNAL, not 'HERE'")]
    [InlineData("  hosts: [orders]\n  exportTo: [a.b]\n" + Ports, "mesh.yaml:6: ServiceEntry default/orders: spec.exportTo: 'a.b' is neither '*' (every namespace), '.' (its own), '~' (none) nor the name of a namespace")]
    [InlineData("  hosts: [orders]\n  exportTo: ['*', shop]\n" + Ports, "mesh.yaml:6: ServiceEntry default/orders: spec.exportTo: '*' and '~' say all there is to say; remove the others")]
    [InlineData("  hosts: [orders]\n  resolution: STATIC\n  workloadSelector: {labels: {}}\n" + Ports, "mesh.yaml:7: ServiceEntry default/orders: spec.workloadSelector.labels: must hold at least one label")]
    [InlineData("  hosts: [orders]\n  resolution: STATIC\n  workloadSelector: {labels: {app: a}}\n  endpoints: [{address: 10.0.0.1}]\n" + Ports, "mesh.yaml:7: ServiceEntry default/orders: spec.workloadSelector: excludes 'endpoints'; remove one of them")]
    [InlineData("  hosts: [orders]\n  resolution: NONE\n  workloadSelector: {labels: {app: a}}\n" + Ports, "mesh.yaml:6: ServiceEntry default/orders: spec.resolution: must be STATIC or DNS when a workloadSelector is given")]
    [InlineData("  hosts: ['*.example.com']\n  resolution: DNS\n" + Ports, "mesh.yaml:5: ServiceEntry default/orders: spec.hosts[0]: '*.example.com' is no name that could be resolved; give endpoints, or resolution NONE")]
    [InlineData("  hosts: [orders]\n  addresses: [nowhere]\n" + Ports, "mesh.yaml:6: ServiceEntry default/orders: spec.addresses[0]: 'nowhere' is neither an IP address nor a CIDR range")]
    [InlineData("  hosts: [orders]\n  endpoints: [{address: 10.0.0.1}]\n" + Ports, "mesh.yaml:5: ServiceEntry default/orders: spec.resolution: must be STATIC or DNS when endpoints are given")]
    [InlineData("  hosts: [orders]\n  resolution: STATIC\n  endpoints:\n  - {address: db.example.com}\n" + Ports, "mesh.yaml:8: ServiceEntry default/orders: spec.endpoints[0].address: 'db.example.com' must be an IP address or unix:///path with resolution STATIC; use resolution DNS for a name")]
    [InlineData("  hosts: [orders]\n  resolution: STATIC\n  endpoints:\n  - {address: 'unix://run/x'}\n" + Ports, "mesh.yaml:8: ServiceEntry default/orders: spec.endpoints[0].address: 'unix://run/x': a Unix domain socket is written unix:///absolute/path")]
    [InlineData("  hosts: [orders]\n  resolution: STATIC\n  endpoints:\n  - {address: 10.0.0.1, ports: {grpc: 1}}\n" + Ports, "mesh.yaml:8: ServiceEntry default/orders: spec.endpoints[0].address: port 'grpc' is not a port of this service; its ports: http")]
    [InlineData("  hosts: [orders]\n  resolution: STATIC\n  endpoints:\n  - {address: 10.0.0.1, weight: 0}\n" + Ports, "mesh.yaml:8: ServiceEntry default/orders: spec.endpoints[0].weight: must be a whole number from 1 to 4294967295, not '0'")]
    [InlineData("  hosts: [orders]\n  resolution: STATIC\n  endpoints:\n  - {address: 10.0.0.1, locality: a/b/c/d}\n" + Ports, "mesh.yaml:8: ServiceEntry default/orders: spec.endpoints[0].locality: must be region/zone/subzone, parts may be left out from the right, not 'a/b/c/d'")]
    [InlineData("  hosts: [orders]\n  resolution: STATIC\n  endpoints:\n  - {address: 10.0.0.1}\n  - {address: 10.0.0.1}\n" + Ports, "mesh.yaml:9: ServiceEntry default/orders: spec.endpoints[1].address: '10.0.0.1' listens on the same port as the endpoint in line 8 (port 'http'); merge them and add their weights")]
    [InlineData("  hosts: [orders]\n  resolution: DNS_ROUND_ROBIN\n  endpoints: [{address: a.example.com}, {address: b.example.com}]\n" + Ports, "mesh.yaml:7: ServiceEntry default/orders: spec.endpoints: must hold at most one endpoint with resolution DNS_ROUND_ROBIN; use DNS for several")]
    public void Read_WrongServiceEntry_NamesLineFieldAndRemedy(string spec, params string[] expected) => AssertErrors(ServiceHead + spec, expected);

    [Theory]
    [InlineData("  hosts: [nosuch]\n  http: [{route: [{destination: {host: orders}}]}]\n", "mesh.yaml:14: VirtualService shop/orders: spec.hosts[0]: no ServiceEntry or Service declares the host 'nosuch'; add one or correct the name")]
    [InlineData("  hosts: [orders]\n  http: []\n", "mesh.yaml:15: VirtualService shop/orders: spec.http: must list at least one route")]
    [InlineData("  hosts: [orders]\n  http:\n  - {}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].route: must list at least one destination; or give redirect, directResponse or delegate")]
    [InlineData("  hosts: [orders]\n  http:\n  - route:\n    - destination: {host: orders, subset: v9}\n", "mesh.yaml:17: VirtualService shop/orders: spec.http[0].route[0].destination.subset: 'orders' has no subset 'v9' (it has none); declare it in a DestinationRule")]
    [InlineData("  hosts: [orders]\n  http:\n  - route:\n    - destination: {host: nosuch}\n", "mesh.yaml:17: VirtualService shop/orders: spec.http[0].route[0].destination.host: no ServiceEntry or Service declares the host 'nosuch'; add one or correct the name")]
    [InlineData("  hosts: [orders]\n  http:\n  - route:\n    - destination: {host: orders, port: {number: 81}}\n", "mesh.yaml:17: VirtualService shop/orders: spec.http[0].route[0].destination.port.number: 'orders' has no port 81; its ports: 80")]
    [InlineData("  hosts: [orders]\n  http:\n  - route:\n    - destination: {host: orders}\n      weight: 90\n    - destination: {host: orders}\n      weight: -1\n", "mesh.yaml:20: VirtualService shop/orders: spec.http[0].route[1].weight: must be a whole number from 0 to 2147483647, not '-1'")]
    [InlineData("  hosts: [orders]\n  http:\n  - route:\n    - destination: {host: orders}\n    - destination: {host: orders}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].route: the weights of several destinations must add up to 1..4294967295, not 0; give each a weight")]
    [InlineData("  hosts: [orders]\n  http:\n  - route:\n    - weight: 1\n", "mesh.yaml:17: VirtualService shop/orders: spec.http[0].route[0].destination: is required")]
    [InlineData("  hosts: [orders]\n  http:\n  - match: [{uri: {prefix: api}}]\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].match[0].uri: 'api' matches no request; a path starts with '/'")]
    [InlineData("  hosts: [orders]\n  http:\n  - match: [{uri: {exact: /a, prefix: /b}}]\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].match[0].uri: must hold only one of exact, prefix, regex")]
    [InlineData("  hosts: [orders]\n  http:\n  - match: [{method: {}}]\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].match[0].method: must hold one of exact, prefix, regex")]
    [InlineData("  hosts: [orders]\n  http:\n  - match: [{headers: {'@request.auth.claims.sub': {exact: a}}}]\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].match[0].headers.@request.auth.claims.sub: claim-based routing is not supported in this version; remove it")]
    [InlineData("  hosts: [orders]\n  http:\n  - match: [{ignoreUriCase: 'yes'}]\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].match[0].ignoreUriCase: must be true or false")]
    public void Read_WrongVirtualService_NamesLineFieldAndRemedy(string spec, params string[] expected) => AssertErrors(OrdersBefore + RouteHead + spec, expected);

    [Theory]
    [InlineData("  hosts: [orders]\n  http:\n  - timeout: 5\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].timeout: must be a string; write \"5\" in quotes")]
    [InlineData("  hosts: [orders]\n  http:\n  - timeout: 5 s\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].timeout: must be a duration such as 5s, 1.5s, 250ms or 1m30s, not '5 s'")]
    [InlineData("  hosts: [orders]\n  http:\n  - timeout: 1us\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].timeout: must be a whole number of milliseconds, at most 365 days, not '1us'")]
    [InlineData("  hosts: [orders]\n  http:\n  - timeout: -1s\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].timeout: must be a duration such as 5s, 1.5s, 250ms or 1m30s, not '-1s'")]
    [InlineData("  hosts: [orders]\n  http:\n  - redirect: {}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].redirect: would lead back to the same address; give one of uri, authority, scheme, port, derivePort")]
    [InlineData("  hosts: [orders]\n  http:\n  - redirect: {uri: new}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].redirect.uri: 'new' is no path; it must start with '/'")]
    [InlineData("  hosts: [orders]\n  http:\n  - redirect: {uri: '/a b'}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].redirect.uri: '/a b' must be ASCII without white space; percent-encode the rest")]
    [InlineData("  hosts: [orders]\n  http:\n  - redirect: {authority: 'http://a'}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].redirect.authority: 'http://a' is not a host, with or without a port")]
    [InlineData("  hosts: [orders]\n  http:\n  - redirect: {scheme: ftp}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].redirect.scheme: must be http or https, not 'ftp'")]
    [InlineData("  hosts: [orders]\n  http:\n  - redirect: {uri: /a, redirectCode: 305}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].redirect.redirectCode: must be one of 301, 302, 303, 307, 308, not 305")]
    [InlineData("  hosts: [orders]\n  http:\n  - redirect: {port: 81, derivePort: FROM_REQUEST_PORT}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].redirect.derivePort: excludes 'port'; remove one of them")]
    [InlineData("  hosts: [orders]\n  http:\n  - redirect: {derivePort: MAGIC}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].redirect.derivePort: must be FROM_PROTOCOL_DEFAULT or FROM_REQUEST_PORT, not 'MAGIC'")]
    [InlineData("  hosts: [orders]\n  http:\n  - redirect: {url: /a, uri: /a}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].redirect.url: is not a known field; known here: authority, derivePort, port, redirectCode, scheme, uri")]
    [InlineData("  hosts: [orders]\n  http:\n  - {redirect: {uri: /a}, route: [{destination: {host: orders}}]}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].route: has no effect beside redirect, which answers by itself; remove one of them")]
    [InlineData("  hosts: [orders]\n  http:\n  - {redirect: {uri: /a}, directResponse: {status: 200}}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].directResponse: has no effect beside redirect, which answers by itself; remove one of them")]
    [InlineData("  hosts: [orders]\n  http:\n  - {directResponse: {status: 200}, timeout: 1s}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].timeout: has no effect beside directResponse, which answers by itself; remove one of them")]
    [InlineData("  hosts: [orders]\n  http:\n  - {directResponse: {status: 200}, rewrite: {uri: /a}}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].rewrite: has no effect beside directResponse, which answers by itself; remove one of them")]
    [InlineData("  hosts: [orders]\n  http:\n  - directResponse: {}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].directResponse.status: is required")]
    [InlineData("  hosts: [orders]\n  http:\n  - directResponse: {status: 100}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].directResponse.status: must be a whole number from 200 to 599, not '100'")]
    [InlineData("  hosts: [orders]\n  http:\n  - directResponse: {status: 200, body: {}}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].directResponse.body.string: is required")]
    [InlineData("  hosts: [orders]\n  http:\n  - rewrite: {}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].rewrite: must give uri, uriRegexRewrite or authority")]
    [InlineData("  hosts: [orders]\n  http:\n  - rewrite: {uri: a}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].rewrite.uri: 'a' is no path; it must start with '/'")]
    [InlineData("  hosts: [orders]\n  http:\n  - rewrite: {uri: /a, uriRegexRewrite: {match: a, rewrite: b}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].rewrite.uriRegexRewrite: excludes 'uri'; remove one of them")]
    [InlineData("  hosts: [orders]\n  http:\n  - rewrite: {uriRegexRewrite: {match: a, rewrite: '\\1'}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].rewrite.uriRegexRewrite.rewrite: '\\1': '\\1' names no group of 'a'")]
    [InlineData("  hosts: [orders]\n  http:\n  - rewrite: {uriRegexRewrite: {match: a}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].rewrite.uriRegexRewrite.rewrite: is required")]
    [InlineData("  hosts: [orders]\n  http:\n  - rewrite: {authority: a/b}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].rewrite.authority: 'a/b' is not a host, with or without a port")]
    [InlineData("  hosts: [orders]\n  http:\n  - {rewrite: {authority: a}, headers: {request: {set: {host: b}}}, route: [{destination: {host: orders}}]}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].headers: sets the host that rewrite.authority sets; remove one of them")]
    [InlineData("  hosts: [orders]\n  http:\n  - {rewrite: {authority: a}, route: [{destination: {host: orders}, headers: {request: {set: {Host: b}}}}]}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].route[0].headers: sets the host that the route sets already; remove one of them")]
    [InlineData("  hosts: [orders]\n  http:\n  - headers: {request: {set: {':path': /a}}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].headers.request.set.:path: ':path' may not be changed here; only a request's host can be, by set or by rewrite.authority")]
    [InlineData("  hosts: [orders]\n  http:\n  - headers: {response: {add: {host: a}}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].headers.response.add.host: 'host' may not be changed here; only a request's host can be, by set or by rewrite.authority")]
    [InlineData("  hosts: [orders]\n  http:\n  - headers: {request: {remove: [Host]}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].headers.request.remove: 'Host' may not be changed here; only a request's host can be, by set or by rewrite.authority")]
    [InlineData("  hosts: [orders]\n  http:\n  - headers: {request: {set: {x y: a}}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].headers.request.set.x y: 'x y' is not a header name")]
    [InlineData("  hosts: [orders]\n  http:\n  - headers: {request: {set: {x-a: a, X-A: b}}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].headers.request.set.X-A: is given twice in different letters; remove one")]
    [InlineData("  hosts: [orders]\n  http:\n  - headers: {request: {set: {x-a: 1}}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].headers.request.set.x-a: must be a string; write \"1\" in quotes")]
    [InlineData("  hosts: [orders]\n  http:\n  - headers: {request: {put: {x-a: a}}}\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].headers.request.put: is not a known field; known here: add, remove, set")]
    [InlineData("  hosts: [orders]\n  http:\n  - match: [{queryParams: {'': {exact: a}}}]\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].match[0].queryParams.: a query parameter needs a name")]
    [InlineData("  hosts: [orders]\n  http:\n  - match: [{queryParams: {q: {exact: a, prefix: b}}}]\n    route: [{destination: {host: orders}}]\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].match[0].queryParams.q: must hold only one of exact, prefix, regex")]
    [InlineData("  hosts: [orders]\n  http:\n  - {delegate: {name: leaf}, route: [{destination: {host: orders}}]}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].route: has no effect beside delegate, which leads elsewhere; remove one of them", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].delegate.name: there is no VirtualService shop/leaf; add it or correct the name")]
    [InlineData("  hosts: [orders]\n  http:\n  - {delegate: {name: orders}}\n", "mesh.yaml:16: VirtualService shop/orders: spec.http[0].delegate.name: VirtualService shop/orders has hosts of its own; a delegate must have none")]
    public void Read_WrongRoute_NamesLineFieldAndRemedy(string spec, params string[] expected) => AssertErrors(OrdersBefore + RouteHead + spec, expected);

    [Theory]
    [InlineData("  host: nosuch\n", "mesh.yaml:14: DestinationRule default/orders: spec.host: no ServiceEntry or Service declares the host 'nosuch'; add one or correct the name")]
    [InlineData("  subsets: []\n", "mesh.yaml:14: DestinationRule default/orders: spec.host: is required")]
    [InlineData("  host: orders\n  trafficPolicy: {loadBalancer: {simple: RANDOM}}\n", "mesh.yaml:15: DestinationRule default/orders: spec.trafficPolicy.loadBalancer.simple: RANDOM is not supported in this version; use ROUND_ROBIN or LEAST_REQUEST")]
    [InlineData("  host: orders\n  trafficPolicy: {loadBalancer: {simple: FASTEST}}\n", "mesh.yaml:15: DestinationRule default/orders: spec.trafficPolicy.loadBalancer.simple: must be one of ROUND_ROBIN, LEAST_REQUEST, LEAST_CONN, UNSPECIFIED, not 'FASTEST'")]
    [InlineData("  host: orders\n  trafficPolicy: {loadBalancer: {warmup: {}}}\n", "mesh.yaml:15: DestinationRule default/orders: spec.trafficPolicy.loadBalancer.warmup: is not supported in this version; remove it")]
    [InlineData("  host: orders\n  trafficPolicy: {outlierDetection: {interval: 5s}}\n", "mesh.yaml:15: DestinationRule default/orders: spec.trafficPolicy.outlierDetection: is not supported in this version; remove it")]
    [InlineData("  host: orders\n  subsets:\n  - {name: v1}\n  - {name: v1}\n", "mesh.yaml:17: DestinationRule default/orders: spec.subsets[1].name: subset 'v1' is declared twice; rename one")]
    [InlineData("  host: orders\n  subsets:\n  - {name: v1, labels: {version: 1}}\n", "mesh.yaml:16: DestinationRule default/orders: spec.subsets[0].labels.version: must be a string; write \"1\" in quotes")]
    [InlineData("  host: orders\n  subsets:\n  - {name: 'a|b'}\n", "mesh.yaml:16: DestinationRule default/orders: spec.subsets[0].name: 'a|b' must not hold '|', which separates the parts of a cluster's name")]
    public void Read_WrongDestinationRule_NamesLineFieldAndRemedy(string spec, params string[] expected) => AssertErrors(OrdersBefore + RuleHead + spec, expected);

    [Theory]
    [InlineData("kind: Namespace\napiVersion: v1\nmetadata: {name: 'my shop', namespace: a.b}\n", "mesh.yaml:3: Namespace a.b/my shop: metadata.name: 'my shop' is not a name; write letters, digits, '-' and '.'", "mesh.yaml:3: Namespace a.b/my shop: metadata.namespace: 'a.b' is not the name of a namespace")]
    [InlineData("just text\n", "mesh.yaml:1: a document must be a resource with apiVersion, kind, metadata and spec")]
    [InlineData("kind: WasmPlugin\napiVersion: extensions.istio.io/v1alpha1\nmetadata: {name: a}\nspec: {}\n", "mesh.yaml:1: WasmPlugin default/a: kind: WasmPlugin is not supported in this version; remove the document")]
    [InlineData("kind: Servce\napiVersion: v1\nmetadata: {name: a}\nspec: {}\n", "mesh.yaml:1: Servce default/a: kind: 'Servce' is not a known kind; known here: DestinationRule, EndpointSlice, EnvoyFilter, GRPCRoute, HTTPRoute, Namespace, Node, Pod, ReferenceGrant, Service, ServiceEntry, Sidecar, VirtualService, WorkloadEntry")]
    [InlineData("kind: DestinationRule\napiVersion: v1\nmetadata: {name: a}\nspec: {host: orders}\n", "mesh.yaml:4: DestinationRule default/a: spec.host: no ServiceEntry or Service declares the host 'orders'; add one or correct the name", "mesh.yaml:2: DestinationRule default/a: apiVersion: must be one of networking.istio.io/v1, networking.istio.io/v1beta1, networking.istio.io/v1alpha3, not 'v1'")]
    [InlineData("kind: ServiceEntry\napiVersion: networking.istio.io/v1\nmetadata: {}\n", "mesh.yaml:1: ServiceEntry default/(no name): spec: is required", "mesh.yaml:3: ServiceEntry default/(no name): metadata.name: is required")]
    [InlineData("kind: ServiceEntry\napiVersion: networking.istio.io/v1\nmetadata: {name: a, uid: x, owner: y}\nspec: {hosts: [a], ports: [{number: 1, name: a}]}\n", "mesh.yaml:3: ServiceEntry default/a: metadata.owner: is not a known field; known here: annotations, creationTimestamp, deletionGracePeriodSeconds, deletionTimestamp, finalizers, generateName, generation, labels, managedFields, name, namespace, ownerReferences, resourceVersion, selfLink, uid")]
    public void Read_WrongDocument_NamesLineFieldAndRemedy(string text, params string[] expected) => AssertErrors(text, expected.Order(StringComparer.Ordinal).ToArray(), ordered: false);

    [Fact]
    public void Read_SeveralErrors_ReportsAllInTheOrderOfTheFile()
    {
        var text = ServiceHead + "  hosts: [orders]\n  colour: red\n  resolution: MAGIC\n" + Ports + "---\n" + RouteHead + "  hosts: [nosuch]\n";

        var errors = MeshYamlReader.Read(MeshYaml.File, text).Errors;

        Assert.Equal([6, 7, 14, 14], errors.Select(error => error.Line));
    }

    [Fact]
    public void Read_BrokenYaml_NamesTheLineAndKeepsWhatCameBefore()
    {
        var text = ServiceHead + "  hosts: [orders]\n  colour: red\n" + Ports + "---\nkind: [\n";

        var errors = MeshYamlReader.Read(MeshYaml.File, text).Errors;

        Assert.Equal(6, errors[0].Line);
        Assert.StartsWith("mesh.yaml:", errors[1].ToString(), StringComparison.Ordinal);
        Assert.StartsWith("not valid YAML: ", errors[1].Message, StringComparison.Ordinal);
        Assert.Equal(2, errors.Length);
    }

    [Fact]
    public void Read_BadRegex_SaysWhatIsWrongWithIt()
    {
        var text = OrdersBefore + RouteHead + "  hosts: [orders]\n  http:\n  - match: [{uri: {regex: '/(a'}}]\n    route: [{destination: {host: orders}}]\n";

        var error = Assert.Single(MeshYamlReader.Read(MeshYaml.File, text).Errors);

        Assert.Equal("spec.http[0].match[0].uri.regex", error.Path);
        Assert.StartsWith("'/(a' is not a regular expression", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SameResourceTwice_IsAnError()
    {
        var text = MeshYaml.Service("orders") + "---\n" + MeshYaml.Service("orders");

        var error = Assert.Single(MeshYamlReader.Read(MeshYaml.File, text).Errors);

        Assert.Equal("mesh.yaml:12: ServiceEntry default/orders: metadata: the same kind, namespace and name were declared in line 1; rename or merge them", error.ToString());
    }

    [Fact]
    public void Read_NestedTooDeep_IsAnErrorAndNoStackOverflow()
    {
        var error = Assert.Single(MeshYamlReader.Read(MeshYaml.File, new string('[', 100_000)).Errors);

        Assert.Contains("nested deeper than", error.Message, StringComparison.Ordinal);
    }

    private static void AssertErrors(string text, string[] expected, bool ordered = true)
    {
        var errors = MeshYamlReader.Read(MeshYaml.File, text).Errors.Select(error => error.ToString());

        Assert.Equal(expected, ordered ? errors : errors.Order(StringComparer.Ordinal));
    }
}
