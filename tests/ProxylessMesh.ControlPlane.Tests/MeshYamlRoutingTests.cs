using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.ControlPlane.Tests;

/// <summary>What a file says of requests takes effect: from the file over the mesh's own client to a real server and back.</summary>
public sealed class MeshYamlRoutingTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private Backend? _backend;
    private Mesh? _mesh;
    private HttpClient? _client;

    public async Task InitializeAsync()
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Default);
        _backend = await Backend.StartAsync("orders", BackendProtocol.Http1);
        var path = _directory.Write("mesh.yaml", MeshYaml.Service("orders", targetPort: _backend.Port) + """
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: orders}
            spec:
              hosts: [orders]
              http:
              - match: [{uri: {prefix: /old}}]
                redirect: {uri: /new, authority: www.example.com, scheme: https, redirectCode: 308}
              - match: [{uri: {exact: /teapot}}]
                directResponse: {status: 418, body: {string: short and stout}}
                headers: {response: {set: {x-direct: 'yes'}}}
              - match: [{queryParams: {beta: {exact: '1'}}, withoutHeaders: {x-stable: {}}}]
                rewrite: {uriRegexRewrite: {match: '^/items/([0-9]+)$', rewrite: '/beta/\1'}}
                route: [{destination: {host: orders}}]
              - match: [{uri: {prefix: /api}}]
                rewrite: {uri: /internal, authority: internal.orders}
                headers:
                  request: {set: {x-set: new}, add: {x-add: '%REQ(x-user)%'}, remove: [x-gone]}
                  response: {set: {x-r: r}, remove: [x-backend]}
                route: [{destination: {host: orders}, headers: {response: {add: {x-version: v1}}}}]
              - route: [{destination: {host: orders}}]
            """);
        _mesh = await Mesh.StartAsync(new MeshOptions().UseMeshYaml(path), timeout.Token);
        _client = new HttpClient(_mesh.CreateHandler(new SocketsHttpHandler { AllowAutoRedirect = false }));
    }

    public async Task DisposeAsync()
    {
        _client!.Dispose();
        await _mesh!.DisposeAsync();
        await _backend!.DisposeAsync();
    }

    public void Dispose()
    {
        _client?.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Redirect_IsAnsweredWithoutTheBackend()
    {
        using var response = await SendAsync("/old/things?q=1");

        Assert.Equal(HttpStatusCode.PermanentRedirect, response.StatusCode);
        Assert.Equal("https://www.example.com/new?q=1", response.Headers.Location!.OriginalString);
        Assert.Equal(0, _backend!.RequestCount);
    }

    [Fact]
    public async Task DirectResponse_IsAnsweredWithoutTheBackend()
    {
        using var response = await SendAsync("/teapot");

        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal("short and stout", await response.Content.ReadAsStringAsync());
        Assert.Equal(["yes"], response.Headers.GetValues("x-direct"));
        Assert.Equal(0, _backend!.RequestCount);
    }

    [Fact]
    public async Task RewriteAndHeaders_ReachTheBackendAndTheCaller()
    {
        using var response = await SendAsync("/api/orders?q=1", ("x-set", "old"), ("x-user", "anna"), ("x-gone", "1"));

        var seen = _backend!.LastRequest!;
        Assert.Equal("/internal/orders?q=1", seen.PathAndQuery);
        Assert.Equal("internal.orders", seen.Host);
        Assert.Equal("new", seen.Headers["x-set"]);
        Assert.Equal("anna", seen.Headers["x-add"]);
        Assert.False(seen.Headers.ContainsKey("x-gone"));
        Assert.Equal(["r"], response.Headers.GetValues("x-r"));
        Assert.Equal(["v1"], response.Headers.GetValues("x-version"));
        Assert.False(response.Headers.Contains("x-backend"));
    }

    [Theory]
    [InlineData("/items/17?beta=1", null, "/beta/17?beta=1")]
    [InlineData("/items/17?beta=2", null, "/items/17?beta=2")]
    [InlineData("/items/17", null, "/items/17")]
    [InlineData("/items/17?beta=1", "x-stable", "/items/17?beta=1")]
    public async Task QueryParamsAndWithoutHeaders_ChooseTheRoute(string path, string? header, string expected)
    {
        using var response = await SendAsync(path, header is null ? [] : [(header, "1")]);

        Assert.Equal(expected, _backend!.LastRequest!.PathAndQuery);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, params (string Name, string Value)[] headers)
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Default);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders" + path);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await _client!.SendAsync(request, timeout.Token);
    }
}
