namespace ProxylessMesh;

/// <summary>The stage of the mesh at which a request failed, and why.</summary>
public enum MeshFailureReason
{
    /// <summary>The control plane has no listener for the request's authority, rejected what it was sent, or cannot be reached.</summary>
    NoListener,

    /// <summary>No virtual host answers for the request's host, or none of its routes matches.</summary>
    NoRoute,

    /// <summary>The route does something that this version does not carry out.</summary>
    UnsupportedRoute,

    /// <summary>The route's cluster was rejected, or cannot be used. One that does not exist is answered by its route instead.</summary>
    ClusterUnavailable,

    /// <summary>The cluster has no endpoint that may be used.</summary>
    NoHealthyEndpoint,

    /// <summary>No endpoint accepted a connection; nothing of the request was sent.</summary>
    ConnectFailure,

    /// <summary>
    /// The time that the route allows was over before the response had ended (<c>timeout</c>, <c>max_stream_duration</c>; the message
    /// says which). A proxy answers 504 here; a gRPC caller gets UNAVAILABLE for the one and DEADLINE_EXCEEDED for the other.
    /// </summary>
    Timeout,

    /// <summary>
    /// Every endpoint that was tried refused the request before it processed any of it (HTTP/2: REFUSED_STREAM, or a GOAWAY that excludes
    /// the request), or one did and the request's content could not be sent again.
    /// </summary>
    RequestRefused,

    /// <summary>
    /// The connection to the endpoint ended before there was a response, or the endpoint reset the request, or it answered with what is no
    /// HTTP. It may have processed the request; a <c>retry_on</c> with <c>reset</c> or <c>5xx</c> tries again nevertheless.
    /// </summary>
    ConnectionReset,

    /// <summary>Nothing came or went for too long (<c>idle_timeout</c>, <c>stream_idle_timeout</c>, <c>per_try_idle_timeout</c>). A proxy answers 504 here.</summary>
    IdleTimeout,
}
