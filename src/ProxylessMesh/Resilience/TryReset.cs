namespace ProxylessMesh.Resilience;

/// <summary>How a try broke off before there was a response.</summary>
internal enum TryReset
{
    /// <summary>It did not, or not by anything that another try could mend.</summary>
    None,

    /// <summary>No connection came about: nothing was sent.</summary>
    ConnectFailure,

    /// <summary>The endpoint said that it has processed nothing of it (HTTP/2: REFUSED_STREAM, or a GOAWAY that excludes it).</summary>
    Refused,

    /// <summary>The connection ended, or the endpoint reset the stream; how much was processed is not known.</summary>
    Reset,

    /// <summary>The endpoint answered with what is no HTTP.</summary>
    ProtocolError,

    /// <summary>The time of this try was over (<c>per_try_timeout</c>).</summary>
    Timeout,

    /// <summary>Nothing came for too long (<c>per_try_idle_timeout</c>).</summary>
    IdleTimeout,
}
