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

    [Theory]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", """{ "GENERATOR": "grpc" }""", IstioDialect.Grpc)]
    [InlineData("sidecar~10.0.0.1~web-1.shop~cluster.local", """{ "GENERATOR": "grpc" }""", IstioDialect.Grpc)]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", """{ "NAMESPACE": "shop" }""", IstioDialect.Sidecar)]
    [InlineData("sidecar~10.0.0.1~web-1.shop~cluster.local", "{}", IstioDialect.Sidecar)]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", """{ "GENERATOR": "other" }""", IstioDialect.None)]
    [InlineData("web-1", "{}", IstioDialect.None)]
    internal void Dialect_OfANode_IsWhatIstiodTakesItFor(string id, string metadata, IstioDialect expected)
    {
        using var document = System.Text.Json.JsonDocument.Parse(metadata);
        var bootstrap = new BootstrapConfig { Origin = "test", Servers = [], Node = new NodeConfig { Id = id, Metadata = document.RootElement } };

        Assert.Equal(expected, bootstrap.IstioDialect);
    }
}
