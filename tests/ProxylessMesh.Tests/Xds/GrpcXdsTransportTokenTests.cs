using Envoy.Service.Discovery.V3;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>Call credentials on their way to a control plane (gRFC A97).</summary>
public sealed class GrpcXdsTransportTokenTests : IDisposable
{
    // {"exp":1900000000}: in 2030.
    private const string Token = "e30.eyJleHAiOjE5MDAwMDAwMDB9.c2ln";

    private static readonly DiscoveryRequest Request = new() { TypeUrl = ResourceTypes.Cluster, ResourceNames = { "cart" } };

    private readonly TestCertificateAuthority _authority = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mesh-xds-token-");
    private readonly CancellationTokenSource _limit = new(TestTimeouts.Default);

    public void Dispose()
    {
        _limit.Dispose();
        _directory.Delete(recursive: true);
        _authority.Dispose();
    }

    [Fact]
    public async Task Send_OverTls_CarriesTheToken()
    {
        await using var server = await StartAsync();
        await using var transport = new GrpcXdsTransport(ServerConfig(server, Write("token", Token)));
        await using var stream = transport.OpenStream(_limit.Token);

        await stream.SendAsync(Request, _limit.Token);

        Assert.Equal($"Bearer {Token}", (await server.NextStreamAsync()).Headers.GetValue("authorization"));
    }

    [Theory]
    [InlineData(null, "UNAVAILABLE", "does not exist")]
    [InlineData("e30.e30.c2ln", "UNAUTHENTICATED", "does not say when it expires (exp)")]
    public async Task Send_TokenUnusable_FailsHereAndSaysSo(string? token, string status, string problem)
    {
        await using var server = await StartAsync();
        var path = token is null ? Path.Combine(_directory.FullName, "nosuch") : Write("token", token);
        await using var transport = new GrpcXdsTransport(ServerConfig(server, path));
        await using var stream = transport.OpenStream(_limit.Token);

        var error = await Assert.ThrowsAsync<XdsTransportException>(() => stream.SendAsync(Request, _limit.Token).AsTask());

        Assert.StartsWith($"xDS server {server.ServerUri}: the call credentials cannot be used ({status}): jwt_token_file '{path}'", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(problem, error.Message, StringComparison.Ordinal);
        Assert.Empty(server.Streams);
    }

    [Fact]
    public async Task Send_OverPlaintext_NeverCarriesTheToken()
    {
        await using var server = await ScriptedAdsServer.StartAsync();
        await using var transport = new GrpcXdsTransport(ServerConfig(server, Write("token", Token)) with { Credentials = InsecureCredentialsConfig.Instance });
        await using var stream = transport.OpenStream(_limit.Token);

        await stream.SendAsync(Request, _limit.Token);

        Assert.Null((await server.NextStreamAsync()).Headers.GetValue("authorization"));
    }

    private XdsServerConfig ServerConfig(ScriptedAdsServer server, string tokenFile) => new()
    {
        ServerUri = server.ServerUri,
        Address = new TcpServerAddress("127.0.0.1", server.Port),
        Credentials = new TlsCredentialsConfig { CaCertificateFile = Write("ca.pem", _authority.RootPem) },
        JwtTokenFiles = [tokenFile],
    };

    private Task<ScriptedAdsServer> StartAsync()
        => ScriptedAdsServer.StartAsync(new ScriptedAdsServerOptions { Certificate = _authority.Issue("control plane") });

    private string Write(string name, string text)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
