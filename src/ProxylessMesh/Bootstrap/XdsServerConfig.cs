using System.Collections.Immutable;

namespace ProxylessMesh.Bootstrap;

/// <summary>One control plane (<c>xds_servers[]</c>).</summary>
internal sealed record XdsServerConfig
{
    /// <summary>As written in the bootstrap: its name in errors and logs.</summary>
    public required string ServerUri { get; init; }

    public required XdsServerAddress Address { get; init; }

    public required ChannelCredentialsConfig Credentials { get; init; }

    /// <summary><c>server_features</c>, the unknown ones too.</summary>
    public ImmutableArray<string> Features { get; init; } = [];
}
