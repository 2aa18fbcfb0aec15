using System.Security.Cryptography.X509Certificates;

namespace ProxylessMesh.Tests.Peers;

/// <summary>Where and how a <see cref="ScriptedAdsServer"/> listens.</summary>
public sealed record ScriptedAdsServerOptions
{
    /// <summary>On 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Listens on this Unix socket and on no port.</summary>
    public string? UnixSocketPath { get; init; }

    /// <summary>Speaks TLS with this certificate and its key. Default: plaintext.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Asks for a client certificate and takes any that this says yes to.</summary>
    public Func<X509Certificate2, bool>? AcceptsClient { get; init; }
}
