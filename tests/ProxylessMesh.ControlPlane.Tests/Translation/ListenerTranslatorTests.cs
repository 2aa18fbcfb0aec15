using Envoy.Extensions.Filters.Http.Router.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using ProxylessMesh.ControlPlane.Translation;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

public sealed class ListenerTranslatorTests
{
    private static readonly MeshResources Mesh = MeshYaml.Translate(
        MeshYaml.Service("orders") + "---\n"
        + MeshYaml.Service("solo", port: 9090) + "---\n"
        + MeshYaml.Service("cart.shop.svc.cluster.local") + "---\n"
        + """
          apiVersion: networking.istio.io/v1
          kind: ServiceEntry
          metadata: {name: two}
          spec:
            hosts: [two]
            resolution: STATIC
            ports: [{number: 8080, name: a}, {number: 8081, name: b}]
          """);

    [Theory]
    [InlineData("orders", "default", "outbound|80||orders")]
    [InlineData("orders:80", "default", "outbound|80||orders")]
    [InlineData("ORDERS.", "default", "outbound|80||orders")]
    [InlineData("solo", "default", "outbound|9090||solo")]
    [InlineData("cart", "shop", "outbound|80||cart.shop.svc.cluster.local")]
    [InlineData("cart.shop", "default", "outbound|80||cart.shop.svc.cluster.local")]
    [InlineData("cart.shop.svc:80", "default", "outbound|80||cart.shop.svc.cluster.local")]
    [InlineData("cart.shop.svc.cluster.local", "default", "outbound|80||cart.shop.svc.cluster.local")]
    public void Find_NameOfAService_IsEchoedAndLeadsToTheRoutes(string name, string ns, string routes)
    {
        var listener = Mesh.FindListener(name, ns);

        Assert.Equal(name, listener!.Name);
        var connectionManager = listener.ApiListener.ApiListener_.Unpack<HttpConnectionManager>();
        Assert.Equal(routes, connectionManager.Rds.RouteConfigName);
        Assert.NotNull(connectionManager.Rds.ConfigSource.Ads);
        Assert.Equal(["envoy.filters.http.fault", "envoy.filters.http.router"], connectionManager.HttpFilters.Select(filter => filter.Name));
        Assert.True(connectionManager.HttpFilters[^1].TypedConfig.Is(Router.Descriptor));
    }

    [Theory]
    [InlineData("nosuch", "default")]
    [InlineData("orders:81", "default")]
    [InlineData("orders:x", "default")]
    [InlineData("orders:", "default")]
    [InlineData("", "default")]
    [InlineData("cart", "default")] // another namespace's
    [InlineData("two", "default")] // several ports, none of them 80
    public void Find_AnythingElse_IsNothing(string name, string ns) => Assert.Null(Mesh.FindListener(name, ns));

    [Theory]
    [InlineData("orders", true)]
    [InlineData("cart.shop", true)]
    [InlineData("two", true)]
    [InlineData("nosuch", false)]
    [InlineData("example.com", false)]
    public void IsDeclared_Host_FollowsTheFile(string host, bool expected) => Assert.Equal(expected, Mesh.IsDeclared(host));
}
