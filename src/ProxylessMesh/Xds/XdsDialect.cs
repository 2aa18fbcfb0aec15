namespace ProxylessMesh.Xds;

/// <summary>For whom a control plane writes, where gRPC and Envoy ask for different things and read the same fields differently.</summary>
internal enum XdsDialect
{
    /// <summary>For gRPC clients: everything that a gRPC bootstrap leads to, istiod with <c>GENERATOR=grpc</c> included.</summary>
    Grpc,

    /// <summary>For Envoy: what istiod sends a node that looks like a sidecar. All clusters are asked for at once instead of by name.</summary>
    Envoy,
}
