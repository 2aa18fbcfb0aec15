using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Tests.Bootstrap;

public class IstioIdentityTests
{
    [Theory]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", "shop", "shop.svc.cluster.local", "cluster.local")]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.corp", "shop", "shop.svc.corp", "corp")]
    public void FromNodeId_Istio_TellsTheNames(string id, string @namespace, string dnsDomain, string clusterDomain)
    {
        Assert.Equal(new IstioIdentity(@namespace, dnsDomain, clusterDomain), IstioIdentity.FromNodeId(id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("my-node")]
    [InlineData("sidecar~10.0.0.1~web-1.shop")]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local~more")]
    [InlineData("sidecar~10.0.0.1~web-1.shop~cluster.local")]
    [InlineData("sidecar~10.0.0.1~web-1.shop~.svc.cluster.local")]
    [InlineData("sidecar~10.0.0.1~web-1.shop~a.b.svc.cluster.local")]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.")]
    public void FromNodeId_Other_IsNull(string id)
    {
        Assert.Null(IstioIdentity.FromNodeId(id));
    }
}
