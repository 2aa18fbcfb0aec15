using ProxylessMesh.Bootstrap;
using ProxylessMesh.Http;

namespace ProxylessMesh.Tests.Http;

public sealed class MeshHostsTests
{
    private static readonly IstioIdentity Istio = IstioIdentity.FromNodeId("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.test")!;

    [Theory]
    [InlineData("http://orders/", true)]
    [InlineData("http://orders:8080/", true)]
    [InlineData("http://orders.shop.svc.cluster.local/", true)]
    [InlineData("http://added.example/", true)]
    [InlineData("http://below.suffix.example/", true)]
    [InlineData("http://deep.below.suffix.example/", true)]
    [InlineData("http://declared.example/", true)]
    [InlineData("http://suffix.example/", false)]
    [InlineData("http://orders.shop/", false)]
    [InlineData("http://example.com/", false)]
    [InlineData("https://orders/", false)]
    [InlineData("http://127.0.0.1/", false)]
    [InlineData("http://[::1]:8080/", false)]
    [InlineData("http://localhost/", false)]
    [InlineData("http://api.localhost/", false)]
    [InlineData("ftp://orders/", false)]
    public void Contains_GrpcControlPlane_FollowsTheDocumentedRule(string uri, bool expected)
    {
        var hosts = new MeshHosts(["added.example", "*.suffix.example"], host => host == "declared.example", "%s", istio: null);

        var parsed = new Uri(uri);

        Assert.Equal(expected, MeshHosts.IsCandidate(parsed) && hosts.Contains(parsed));
    }

    [Theory]
    [InlineData("http://orders.shop/", true)]
    [InlineData("http://orders.shop.svc/", true)]
    [InlineData("http://orders.other.svc/", true)]
    [InlineData("http://orders.other.svc.cluster.test/", true)]
    [InlineData("http://orders.other/", false)]
    [InlineData("http://example.com/", false)]
    public void Contains_IstioControlPlane_TakesInNamespaceAndClusterDomain(string uri, bool expected)
    {
        var hosts = new MeshHosts([], static _ => false, "%s", Istio);

        Assert.Equal(expected, hosts.Contains(new Uri(uri)));
    }

    [Theory]
    [InlineData("orders", "orders")]
    [InlineData("orders:8080", "orders:8080")]
    public void ListenerName_GrpcControlPlane_IsTheTemplateWithTheAuthority(string authority, string expected)
    {
        Assert.Equal(expected, new MeshHosts([], static _ => false, "%s", istio: null).ListenerName(authority));
        Assert.Equal($"client/{expected}/x", new MeshHosts([], static _ => false, "client/%s/x", istio: null).ListenerName(authority));
    }

    [Theory]
    [InlineData("cart", "80")]
    [InlineData("cart:9090", "9090")]
    [InlineData("api.partner.example", "80")]
    public void ListenerName_SidecarDialect_IsThePort(string authority, string expected)
    {
        var hosts = new MeshHosts([], static _ => false, "%s", Istio, IstioDialect.Sidecar);

        Assert.Equal(expected, hosts.ListenerName(authority));
        Assert.True(hosts.Contains(new Uri($"http://{authority}/")));
    }

    [Theory]
    [InlineData("cart", "cart.shop.svc.cluster.test:80")]
    [InlineData("cart:9090", "cart.shop.svc.cluster.test:9090")]
    [InlineData("cart.shop", "cart.shop.svc.cluster.test:80")]
    [InlineData("cart.other.svc:81", "cart.other.svc.cluster.test:81")]
    [InlineData("cart.shop.svc.cluster.test.", "cart.shop.svc.cluster.test:80")]
    [InlineData("api.partner.example", "api.partner.example:80")]
    [InlineData("cart.other", "cart.other:80")]
    public void ListenerName_IstioControlPlane_IsTheFullNameWithThePort(string authority, string expected)
        => Assert.Equal(expected, new MeshHosts([], static _ => false, "%s", Istio).ListenerName(authority));
}
