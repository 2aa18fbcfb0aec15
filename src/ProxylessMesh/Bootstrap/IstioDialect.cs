namespace ProxylessMesh.Bootstrap;

/// <summary>
/// Which resources the control plane is asked for. istiod chooses by the node's metadata, so the client must know what its own
/// node says.
/// </summary>
internal enum IstioDialect
{
    /// <summary>gRPC's: listeners by authority, whatever the control plane. Also istiod's, when the node is none of Istio's.</summary>
    None,

    /// <summary>istiod's for proxyless gRPC (<c>GENERATOR=grpc</c>): gRPC's, with gaps where Istio's API says more than gRPC understands.</summary>
    Grpc,

    /// <summary>istiod's for sidecars (no <c>GENERATOR</c>): route configurations by port, all clusters at once.</summary>
    Sidecar,
}
