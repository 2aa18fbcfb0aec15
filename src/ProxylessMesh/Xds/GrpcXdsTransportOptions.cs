namespace ProxylessMesh.Xds;

/// <summary>The bounds of a connection to a control plane. A test sets its own.</summary>
internal sealed record GrpcXdsTransportOptions
{
    /// <summary>The largest response taken: a mesh's whole routing table comes in one message.</summary>
    public int MaxResponseBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Of a connection, its TLS handshake included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long nothing may come before an HTTP/2 ping asks whether the control plane still runs. Not less by default: gRPC
    /// servers permit a ping every 5 minutes and close the connection of a client that sends more. A peer that is gone
    /// altogether is noticed within 20 s by <see cref="ControlPlaneConnector"/>.
    /// </summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a connection without a stream stays open: long enough to open the next stream on it, short enough to leave a fallback server soon.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the answer to a ping may take.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
