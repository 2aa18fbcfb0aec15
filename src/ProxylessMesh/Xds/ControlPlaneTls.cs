using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Xds;

/// <summary>Makes the TLS settings of one connection to a control plane from the bootstrap's files (gRFC A65). Stateless.</summary>
internal static class ControlPlaneTls
{
    /// <exception cref="IOException">A file cannot be used; the message names its field and path and nothing of what is in it.</exception>
    public static SslClientAuthenticationOptions Load(TlsCredentialsConfig config, string targetHost)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = targetHost,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            AllowRenegotiation = false,
        };

        if (config.CaCertificateFile is { } caFile)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(LoadCertificates("ca_certificate_file", caFile));
        }

        if (config is { CertificateFile: { } certificateFile, PrivateKeyFile: { } privateKeyFile })
        {
            options.ClientCertificateContext = LoadIdentity(certificateFile, privateKeyFile);
        }

        return options;
    }

    // No certificate in the file means that nobody would be trusted: said at once, rather than by a failed handshake.
    private static X509Certificate2Collection LoadCertificates(string field, string path)
    {
        var certificates = new X509Certificate2Collection();
        Read(field, path, () => certificates.ImportFromPemFile(path));
        return certificates.Count > 0 ? certificates : throw new IOException($"{field} '{path}' holds no PEM certificate");
    }

    private static SslStreamCertificateContext LoadIdentity(string certificateFile, string privateKeyFile)
    {
        var chain = LoadCertificates("certificate_file", certificateFile);
        X509Certificate2? leaf = null;
        Read("private_key_file", privateKeyFile, () => leaf = X509Certificate2.CreateFromPemFile(certificateFile, privateKeyFile));
        if (OperatingSystem.IsWindows())
        {
            // Schannel does not take a key that was never in a key store.
            leaf = X509CertificateLoader.LoadPkcs12(leaf!.Export(X509ContentType.Pkcs12), password: null);
        }

        return SslStreamCertificateContext.Create(leaf!, chain, offline: true);
    }

    private static void Read(string field, string path, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            var problem = e switch
            {
                FileNotFoundException or DirectoryNotFoundException => "does not exist",
                IOException or UnauthorizedAccessException => "cannot be read",
                _ => "is not PEM of the right kind, or does not fit its counterpart",
            };
            throw new IOException($"{field} '{path}' {problem}");
        }
    }
}
