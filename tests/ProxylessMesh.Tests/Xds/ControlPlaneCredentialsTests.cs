using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>Files that an agent renews one by one (gRFC A65).</summary>
public sealed class ControlPlaneCredentialsTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly TestCertificateAuthority _authority = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-credentials-");
    private readonly FakeTimeProvider _clock = new();
    private readonly TlsCredentialsConfig _config;
    private readonly ControlPlaneCredentials _credentials;

    public ControlPlaneCredentialsTests()
    {
        _config = new TlsCredentialsConfig
        {
            CertificateFile = Path.Combine(_directory.FullName, "client.pem"),
            PrivateKeyFile = Path.Combine(_directory.FullName, "client.key"),
            RefreshInterval = Interval,
        };
        _credentials = new ControlPlaneCredentials(_config, "istiod", _clock, NullLogger.Instance);
    }

    public void Dispose()
    {
        _credentials.Dispose();
        _directory.Delete(recursive: true);
        _authority.Dispose();
    }

    [Fact]
    public void Get_PairRenewed_IsUsedAtOnce()
    {
        using var one = _authority.Issue("one");
        using var two = _authority.Issue("two");
        Write(one, one);
        Assert.Equal(one.Thumbprint, Thumbprint());

        Write(two, two);

        Assert.Equal(two.Thumbprint, Thumbprint());
    }

    [Fact]
    public void Get_CertificateRenewedAndKeyNotYet_KeepsTheOldPairUntilBothAre()
    {
        using var one = _authority.Issue("one");
        using var two = _authority.Issue("two");
        Write(one, one);
        Thumbprint();

        Write(certificate: two, key: one);
        Assert.Equal(one.Thumbprint, Thumbprint());
        Write(two, two);

        Assert.Equal(two.Thumbprint, Thumbprint());
    }

    [Fact]
    public void Get_RenewedBetweenConnectionsAndGoneNow_UsesWhatTheLastRefreshRead()
    {
        using var one = _authority.Issue("one");
        using var two = _authority.Issue("two");
        Write(one, one);
        Thumbprint();
        Write(two, two);
        _clock.Advance(Interval);

        File.Delete(_config.PrivateKeyFile!);
        _clock.Advance(Interval);

        Assert.Equal(two.Thumbprint, Thumbprint());
    }

    [Fact]
    public void Get_NeverReadable_NamesTheFile()
    {
        var error = Assert.Throws<IOException>(() => _credentials.Get());

        Assert.Contains(_config.CertificateFile!, error.Message, StringComparison.Ordinal);
    }

    private string Thumbprint() => _credentials.Get().ClientCertificateContext!.TargetCertificate.Thumbprint;

    private void Write(X509Certificate2 certificate, X509Certificate2 key)
    {
        File.WriteAllText(_config.CertificateFile!, certificate.ExportCertificatePem());
        File.WriteAllText(_config.PrivateKeyFile!, key.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }
}
