using Envoy.Config.Core.V3;

namespace ProxylessMesh.Xds;

/// <summary>For whom a control plane writes, where gRPC and Envoy read the same fields differently.</summary>
internal enum XdsDialect
{
    /// <summary>For gRPC clients: everything that a gRPC bootstrap leads to, istiod with <c>GENERATOR=grpc</c> included.</summary>
    Grpc,

    /// <summary>For Envoy: what istiod sends a node that looks like a sidecar.</summary>
    Envoy,
}

/// <summary>Tells the dialect by the node that this process presents itself as, which is what a control plane goes by.</summary>
internal static class XdsDialects
{
    private const string GeneratorField = "GENERATOR";
    private const string GrpcGenerator = "grpc";
    private const int IstioNodeIdParts = 4; // type~ip~pod.namespace~domain

    public static XdsDialect Of(Node node)
    {
        var isIstio = node.Id.Split('~').Length == IstioNodeIdParts;
        var generator = node.Metadata is { } metadata && metadata.Fields.TryGetValue(GeneratorField, out var value) ? value.StringValue : "";
        return isIstio && generator != GrpcGenerator ? XdsDialect.Envoy : XdsDialect.Grpc;
    }
}
