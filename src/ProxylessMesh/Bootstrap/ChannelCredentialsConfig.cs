namespace ProxylessMesh.Bootstrap;

/// <summary>How the connection to a control plane is secured (<c>channel_creds</c>).</summary>
internal abstract record ChannelCredentialsConfig;

/// <summary>Plaintext: a Unix socket, or a network that is trusted.</summary>
internal sealed record InsecureCredentialsConfig : ChannelCredentialsConfig
{
    public static readonly InsecureCredentialsConfig Instance = new();
}

/// <summary>
/// TLS (gRFC A65). The files are read when a connection is made, and not at start: an agent may write them after this process
/// has started.
/// </summary>
internal sealed record TlsCredentialsConfig : ChannelCredentialsConfig
{
    /// <summary>gRFC A65's default of <c>refresh_interval</c>.</summary>
    public static readonly TimeSpan DefaultRefreshInterval = TimeSpan.FromSeconds(600);

    /// <summary>PEM roots that the control plane's certificate must lead to; <see langword="null"/>: the system's.</summary>
    public string? CaCertificateFile { get; init; }

    /// <summary>PEM chain of this process, leaf first; given together with <see cref="PrivateKeyFile"/> or not at all.</summary>
    public string? CertificateFile { get; init; }

    public string? PrivateKeyFile { get; init; }

    /// <summary>How often the files are read between connections, so that the last good ones are never old.</summary>
    public TimeSpan RefreshInterval { get; init; } = DefaultRefreshInterval;
}
