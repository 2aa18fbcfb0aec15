using System.Security.Cryptography.X509Certificates;
using Envoy.Service.Discovery.V3;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

public sealed class GrpcXdsTransportTlsTests : IDisposable
{
    private static readonly DiscoveryRequest Request = new() { TypeUrl = ResourceTypes.Cluster, ResourceNames = { "cart" } };

    private readonly TestCertificateAuthority _authority = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-xds-tls-");
    private readonly CancellationTokenSource _limit = new(TestTimeouts.Default);

    public void Dispose()
    {
        _limit.Dispose();
        _directory.Delete(recursive: true);
        _authority.Dispose();
    }

    [Fact]
    public async Task Send_TrustedByCaFile_Arrives()
    {
        await using var server = await StartAsync();

        await SendAsync(server, new TlsCredentialsConfig { CaCertificateFile = Write("ca.pem", _authority.RootPem) });

        Assert.Equal(Request, await (await server.NextStreamAsync()).NextRequestAsync(ResourceTypes.Cluster));
    }

    [Fact]
    public async Task Send_OnlySystemRoots_IsRefused()
    {
        await using var server = await StartAsync();

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => SendAsync(server, new TlsCredentialsConfig()));

        Assert.StartsWith($"xDS server {server.ServerUri}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_AnotherAuthority_IsRefused()
    {
        using var other = new TestCertificateAuthority("another root");
        await using var server = await StartAsync();

        var error = await Assert.ThrowsAsync<XdsTransportException>(() =>
            SendAsync(server, new TlsCredentialsConfig { CaCertificateFile = Write("ca.pem", other.RootPem) }));

        Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_CertificateOfAnotherHost_IsRefused()
    {
        await using var server = await StartAsync(host: "elsewhere.example.com");

        var error = await Assert.ThrowsAsync<XdsTransportException>(() =>
            SendAsync(server, new TlsCredentialsConfig { CaCertificateFile = Write("ca.pem", _authority.RootPem) }));

        Assert.Contains("RemoteCertificateNameMismatch", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Send_ServerAsksForAClientCertificate_IsAcceptedOnlyWithIt(bool hasCertificate)
    {
        await using var server = await StartAsync(asksForClient: true);
        using var identity = _authority.Issue("client");
        var credentials = new TlsCredentialsConfig { CaCertificateFile = Write("ca.pem", _authority.RootPem) };
        if (hasCertificate)
        {
            credentials = credentials with
            {
                CertificateFile = Write("client.pem", identity.ExportCertificatePem()),
                PrivateKeyFile = Write("client.key", identity.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
            };
        }

        await using var transport = new GrpcXdsTransport(ServerConfig(server, credentials));
        await using var stream = transport.OpenStream(_limit.Token);
        var exchange = Record.ExceptionAsync(async () =>
        {
            await stream.SendAsync(Request, _limit.Token);
            await stream.ReadAsync(_limit.Token);
        });

        if (hasCertificate)
        {
            (await server.NextStreamAsync()).Close();
            Assert.Null(await exchange);
        }
        else
        {
            Assert.IsType<XdsTransportException>(await exchange);
            Assert.Empty(server.Streams);
        }
    }

    [Fact]
    public async Task Open_CaFileRenewed_IsUsedByTheNextConnection()
    {
        using var other = new TestCertificateAuthority("another root");
        await using var server = await StartAsync();
        var path = Write("ca.pem", other.RootPem);
        await using var transport = new GrpcXdsTransport(ServerConfig(server, new TlsCredentialsConfig { CaCertificateFile = path }));
        await using var refused = transport.OpenStream(_limit.Token);
        await Assert.ThrowsAsync<XdsTransportException>(() => refused.SendAsync(Request, _limit.Token).AsTask());

        Write("ca.pem", _authority.RootPem);
        await using var stream = transport.OpenStream(_limit.Token);
        await stream.SendAsync(Request, _limit.Token);

        Assert.Equal(Request, await (await server.NextStreamAsync()).NextRequestAsync(ResourceTypes.Cluster));
    }

    [Theory]
    [InlineData("nosuch.pem", "does not exist")]
    [InlineData("empty.pem", "holds no PEM certificate")]
    public async Task Send_UnusableCaFile_NamesFieldAndFile(string name, string problem)
    {
        await using var server = await StartAsync();
        Write("empty.pem", "");
        var path = Path.Combine(_directory.FullName, name);

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => SendAsync(server, new TlsCredentialsConfig { CaCertificateFile = path }));

        Assert.Contains($"ca_certificate_file '{path}' {problem}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_KeyOfAnotherCertificate_NamesTheKeyFile()
    {
        await using var server = await StartAsync();
        using var one = _authority.Issue("one");
        using var two = _authority.Issue("two");
        var credentials = new TlsCredentialsConfig
        {
            CertificateFile = Write("client.pem", one.ExportCertificatePem()),
            PrivateKeyFile = Write("client.key", two.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
        };

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => SendAsync(server, credentials));

        Assert.Contains($"private_key_file '{credentials.PrivateKeyFile}'", error.Message, StringComparison.Ordinal);
    }

    private static XdsServerConfig ServerConfig(ScriptedAdsServer server, TlsCredentialsConfig credentials) => new()
    {
        ServerUri = server.ServerUri,
        Address = new TcpServerAddress("127.0.0.1", server.Port),
        Credentials = credentials,
    };

    private Task<ScriptedAdsServer> StartAsync(bool asksForClient = false, string? host = null) => ScriptedAdsServer.StartAsync(new ScriptedAdsServerOptions
    {
        Certificate = _authority.Issue("control plane", host),
        AcceptsClient = asksForClient ? _authority.HasIssued : null,
    });

    private async Task SendAsync(ScriptedAdsServer server, TlsCredentialsConfig credentials)
    {
        await using var transport = new GrpcXdsTransport(ServerConfig(server, credentials));
        await using var stream = transport.OpenStream(_limit.Token);
        await stream.SendAsync(Request, _limit.Token);
        await Until.TrueAsync(() => server.Streams is [{ Requests.Count: 1 }]);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
