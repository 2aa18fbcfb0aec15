using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.ControlPlane.Tests.World;

/// <summary>A process that reads the file itself, with its own view of it: from Kubernetes' and the Gateway API's kinds to a real server.</summary>
public sealed class OwnViewTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Send_PodBehindAService_IsRoutedAsTheNamespaceSeesItAndFollowsTheFile()
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Default);
        await using var backend = await Backend.StartAsync("cart", BackendProtocol.Http1);
        var path = _directory.Write("mesh.yaml", Text(backend.Port, "/v1"));
        await using var mesh = await Mesh.StartAsync(
            new MeshOptions().UseMeshYaml(path, self =>
            {
                self.Namespace = "shop";
                self.Labels["app"] = "web";
            }),
            timeout.Token);
        using var client = new HttpClient(mesh.CreateHandler(new SocketsHttpHandler()));

        // One label: the namespace of this process completes it. The route is there for its labels only.
        using var response = await client.GetAsync(new Uri("http://cart/api/items"), timeout.Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("/v1/items", backend.LastRequest!.PathAndQuery);

        _directory.Write("mesh.yaml", Text(backend.Port, "/v2"));

        await Until.TrueAsync(async () =>
        {
            using var later = await client.GetAsync(new Uri("http://cart/api/items"), timeout.Token);
            return backend.LastRequest!.PathAndQuery == "/v2/items";
        });
    }

    private static string Text(int port, string prefix) => $$$"""
        apiVersion: v1
        kind: Service
        metadata: {name: cart, namespace: shop}
        spec: {clusterIP: 10.96.0.1, selector: {app: cart}, ports: [{name: http, port: 80, targetPort: web}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: cart-1, namespace: shop, labels: {app: cart}}
        spec:
          containers:
          - name: app
            ports:
            - name: web
              containerPort: {{{port}}}
        status: {podIP: 127.0.0.1, phase: Running}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: cart, namespace: shop}
        spec:
          hosts: [cart]
          exportTo: ['.']
          http:
          - match: [{uri: {prefix: /api}, sourceLabels: { app: web } }]
            delegate: {name: api}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: api, namespace: shop}
        spec:
          http:
          - rewrite: {uri: {{{prefix}}} }
            route: [{destination: {host: cart} }]
        """;
}
