namespace ProxylessMesh.Xds;

/// <summary>Who answered, for error texts, and how it wants data errors handled.</summary>
/// <param name="ServerName">The control plane in words.</param>
/// <param name="NodeId">This process's xDS node ID.</param>
/// <param name="FailOnDataErrors">The server feature <c>fail_on_data_errors</c> (gRFC A88): a deletion or rejection drops the cached resource.</param>
/// <param name="IsTimerTransient">The server feature <c>resource_timer_is_transient_error</c> (gRFC A88): silence means slowness, not absence.</param>
internal sealed record ServerContext(string ServerName, string NodeId, bool FailOnDataErrors, bool IsTimerTransient)
{
    private static readonly TimeSpan AbsenceTimeout = TimeSpan.FromSeconds(15); // gRFC A57
    private static readonly TimeSpan SlownessTimeout = TimeSpan.FromSeconds(30); // gRFC A88

    /// <summary>How long the server may leave a name unanswered.</summary>
    public TimeSpan ResourceTimeout => IsTimerTransient ? SlownessTimeout : AbsenceTimeout;

    /// <summary>Closes every configuration error shown to a caller: where to look, and as whom this process asked.</summary>
    public string Describe(string what) => $"{what} (control plane {ServerName}, node ID '{NodeId}')";
}

/// <summary>What a response's content is noted with.</summary>
/// <param name="Server">Who sent it.</param>
/// <param name="Version">The response's version; empty when there was none.</param>
/// <param name="Time">When it came.</param>
internal readonly record struct ResourceAnswer(ServerContext Server, string Version, DateTimeOffset Time);
