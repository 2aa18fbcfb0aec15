using System.Text.Json;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

public sealed class XdsDialectTests
{
    [Theory]
    [InlineData("test-node", "{}", false)]
    [InlineData("", "{}", false)]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", """{"GENERATOR": "grpc"}""", false)]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", """{"GENERATOR": "other"}""", true)]
    [InlineData("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", "{}", true)]
    [InlineData("router~10.0.0.1~gateway.shop~shop.svc.cluster.local", """{"GENERATOR": 1}""", true)]
    public void Of_Node_IsWhatTheControlPlaneTakesItFor(string id, string metadata, bool isEnvoy)
        => Assert.Equal(isEnvoy ? XdsDialect.Envoy : XdsDialect.Grpc, XdsDialects.Of(NodeFactory.ToProto(NodeConfig.Empty with { Id = id, Metadata = JsonDocument.Parse(metadata).RootElement })));

    [Fact]
    public void Of_NoMetadata_IsGrpcUnlessTheNodeIsIstios()
    {
        Assert.Equal(XdsDialect.Grpc, XdsDialects.Of(NodeFactory.ToProto(NodeConfig.Empty)));
        Assert.Equal(XdsDialect.Envoy, XdsDialects.Of(NodeFactory.ToProto(NodeConfig.Empty with { Id = "sidecar~10.0.0.1~a.b~b.svc.cluster.local" })));
    }
}
