namespace ProxylessMesh;

/// <summary>
/// What becomes of endpoints for which the control plane delivers TLS (<c>Cluster.transport_socket</c> or the first of
/// <c>Cluster.transport_socket_matches</c> that fits, with an <c>UpstreamTlsContext</c>).
/// </summary>
public enum UpstreamTlsMode
{
    /// <summary>
    /// They get no requests, and those to a cluster without other endpoints fail: this version cannot make the TLS connection
    /// that was asked for, and a plaintext one would be a silent downgrade. The default.
    /// </summary>
    Required,

    /// <summary>
    /// Requests to them are sent in plaintext, as a gRPC client does whose channel credentials are insecure (gRFC A29). For
    /// development, and for networks that protect the traffic themselves.
    /// </summary>
    Ignored,
}
