using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>
/// The TLS that the control plane asks for towards an endpoint
/// (<c>envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext</c>). Equal when all of it is, so that endpoints keep
/// their connections when a cluster comes again with the same TLS.
/// </summary>
internal sealed record TlsConfig
{
    /// <summary>Where this workload's certificate and key come from; <see langword="null"/> when it shows none.</summary>
    public CertificateSource? Identity { get; init; }

    /// <summary>Where the roots come from that the endpoint's certificate must lead to. <see langword="null"/> trusts nobody.</summary>
    public CertificateSource? Roots { get; init; }

    /// <summary>One of the certificate's names must match one of these (<c>match_subject_alt_names</c>); empty checks no name.</summary>
    public ImmutableArray<StringMatcher> SubjectNames { get; init; } = [];

    /// <summary>The server name to send (<c>sni</c>), or <see langword="null"/>.</summary>
    public string? Sni { get; init; }

    /// <summary>Send the request's host as server name (<c>auto_host_sni</c>).</summary>
    public bool UsesHostAsSni { get; init; }

    /// <summary>The certificate must be good for the server name sent (<c>auto_sni_san_validation</c>).</summary>
    public bool ValidatesSni { get; init; }

    /// <summary>The protocols to offer, in order (<c>alpn_protocols</c>); empty leaves it to the HTTP version.</summary>
    public ImmutableArray<string> ApplicationProtocols { get; init; } = [];

    /// <summary><c>tls_minimum_protocol_version</c>; unset is the platform's.</summary>
    public TlsVersion MinVersion { get; init; }

    /// <summary><c>tls_maximum_protocol_version</c>; unset is the platform's.</summary>
    public TlsVersion MaxVersion { get; init; }

    public bool Equals(TlsConfig? other)
        => other is not null
            && Equals(Identity, other.Identity)
            && Equals(Roots, other.Roots)
            && Sni == other.Sni
            && UsesHostAsSni == other.UsesHostAsSni
            && ValidatesSni == other.ValidatesSni
            && MinVersion == other.MinVersion
            && MaxVersion == other.MaxVersion
            && SubjectNames.SequenceEqual(other.SubjectNames)
            && ApplicationProtocols.SequenceEqual(other.ApplicationProtocols);

    public override int GetHashCode() => HashCode.Combine(Identity, Roots, Sni, SubjectNames.Length, ApplicationProtocols.Length);
}

/// <summary>A version of TLS, the older the smaller.</summary>
internal enum TlsVersion
{
    Unset,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

/// <summary>Where certificates come from.</summary>
internal abstract record CertificateSource;

/// <summary>A provider named in the bootstrap (<c>certificate_providers</c>, gRFC A29).</summary>
/// <param name="InstanceName">The provider.</param>
/// <param name="CertificateName">What to ask it for; may be empty.</param>
internal sealed record ProviderCertificates(string InstanceName, string CertificateName) : CertificateSource;

/// <summary>A secret to ask for by SDS. Istio's own two are <c>default</c>, this workload's certificate, and <c>ROOTCA</c>, the mesh's roots.</summary>
internal sealed record SecretCertificates(string Name) : CertificateSource;

/// <summary>A certificate chain and its private key in files (Istio's <c>file-cert:chain~key</c>).</summary>
internal sealed record FileCertificate(string ChainPath, string KeyPath) : CertificateSource;

/// <summary>Roots in a file (Istio's <c>file-root:path</c>).</summary>
internal sealed record FileRoots(string Path) : CertificateSource;

/// <summary>The operating system's roots (<c>system_root_certs</c>, Istio's <c>file-root:system</c>).</summary>
internal sealed record SystemRoots : CertificateSource
{
    public static readonly SystemRoots Instance = new();
}
