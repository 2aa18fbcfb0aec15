using ProxylessMesh.Bootstrap;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

public class NodeFactoryTests
{
    [Fact]
    public void ToProto_IstioNode_IsPassedOnWhole()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "data", "bootstrap", "istio-agent.json");
        var config = BootstrapReader.Read(File.ReadAllBytes(file), file).Node;

        var node = NodeFactory.ToProto(config);

        var metadata = node.Metadata.Fields;
        Assert.Equal(config.Id, node.Id);
        Assert.Equal(("eu", "eu-1", "a"), (node.Locality.Region, node.Locality.Zone, node.Locality.SubZone));
        Assert.Equal("grpc", metadata["GENERATOR"].StringValue);
        Assert.Equal("web", metadata["LABELS"].StructValue.Fields["app"].StringValue);
        Assert.Equal(2, metadata["PROXY_CONFIG"].StructValue.Fields["concurrency"].NumberValue);
        Assert.True(metadata["PROXY_CONFIG"].StructValue.Fields["holdApplicationUntilProxyStarts"].BoolValue);
        Assert.True(metadata["PROXY_CONFIG"].StructValue.Fields["tracing"].HasNullValue);
        Assert.Equal(["8080", "9090"], metadata["POD_PORTS"].ListValue.Values.Select(value => value.StringValue));
    }

    [Fact]
    public void ToProto_AnyNode_SaysWhatTheClientIs()
    {
        var node = NodeFactory.ToProto(NodeConfig.Empty);

        Assert.Equal("ProxylessMesh", node.UserAgentName);
        Assert.Matches(@"^\d+\.\d+\.\d+[^+]*$", node.UserAgentVersion);
        Assert.Equal(["envoy.lb.does_not_support_overprovisioning", "xds.config.resource-in-sotw"], node.ClientFeatures);
        Assert.Null(node.Metadata);
    }
}
