using System.Text;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Tests.Bootstrap;

public class BootstrapReaderTests
{
    private const string Servers = """ "xds_servers": [{ "server_uri": "cp:15010", "channel_creds": [{ "type": "insecure" }] }] """;

    [Fact]
    public void Read_IstioAgentBootstrap_KeepsWhatMatters()
    {
        var config = ReadFile("istio-agent.json");

        var server = Assert.Single(config.Servers);
        Assert.Equal("unix:///etc/istio/proxy/XDS", server.ServerUri);
        Assert.Equal(new UnixServerAddress("/etc/istio/proxy/XDS"), server.Address);
        Assert.Same(InsecureCredentialsConfig.Instance, server.Credentials);
        Assert.Equal(["xds_v3"], server.Features.ToArray());
        Assert.Equal("sidecar~10.20.0.7~web-5d8f7c9b4-x2lqk.shop~shop.svc.cluster.local", config.Node.Id);
        Assert.Equal(new NodeLocality("eu", "eu-1", "a"), config.Node.Locality);
        Assert.Equal("grpc", config.Node.Metadata!.Value.GetProperty("GENERATOR").GetString());
        Assert.Equal("v1", config.Node.Metadata!.Value.GetProperty("LABELS").GetProperty("version").GetString());
        Assert.Equal("file_watcher", config.CertificateProviders["default"].GetProperty("plugin_name").GetString());
        Assert.Equal("xds.istio.io/grpc/lds/inbound/%s", config.ServerListenerTemplate);
        Assert.Equal("%s", config.ClientListenerTemplate);
        Assert.Equal(new IstioIdentity("shop", "shop.svc.cluster.local", "cluster.local"), config.IstioIdentity);
        Assert.Empty(config.Warnings);
    }

    [Fact]
    public void Read_ManyServers_KeepsTheirOrderAndTheFirstSupportedCredentials()
    {
        var config = ReadFile("many-servers.json");

        Assert.Equal([new TcpServerAddress("control-plane.example.com", 443), new TcpServerAddress("fallback.example.com", 15010)], config.Servers.Select(server => server.Address));
        Assert.Equal(
            new TlsCredentialsConfig
            {
                CaCertificateFile = "ca.pem",
                CertificateFile = "client.pem",
                PrivateKeyFile = "client.key",
                RefreshInterval = TimeSpan.FromSeconds(1.5),
            },
            config.Servers[0].Credentials);
        Assert.Equal(["xds_v3", "fail_on_data_errors", "unheard_of"], config.Servers[0].Features.ToArray());
        Assert.Equal("listeners/%s", config.ClientListenerTemplate);
        Assert.Equal("xdstp://partner.example.com/envoy.config.listener.v3.Listener/%s", config.Authorities["partner.example.com"].ClientListenerTemplate);
        Assert.Equal(NodeConfig.Empty, config.Node);
        Assert.Null(config.IstioIdentity);
        Assert.Contains("$.xds_servers[1].server_uri", Assert.Single(config.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TlsWithoutConfig_MeansSystemRootsAndDefaults()
    {
        var config = Read("""{ "xds_servers": [{ "server_uri": "cp:443", "channel_creds": [{ "type": "tls" }] }] }""");

        Assert.Equal(new TlsCredentialsConfig { RefreshInterval = TimeSpan.FromMinutes(10) }, config.Servers[0].Credentials);
    }

    [Theory]
    [InlineData("[]", "$", "is not an object")]
    [InlineData("{}", "$.xds_servers", "is missing or empty")]
    [InlineData("""{ "xds_servers": [] }""", "$.xds_servers", "is missing or empty")]
    [InlineData("""{ "xds_servers": {} }""", "$.xds_servers", "is not an array")]
    [InlineData("""{ "xds_servers": [1] }""", "$.xds_servers[0]", "is not an object")]
    [InlineData("""{ "xds_servers": [{ "channel_creds": [{ "type": "insecure" }] }] }""", "$.xds_servers[0].server_uri", "is missing")]
    [InlineData("""{ "xds_servers": [{ "server_uri": 15010 }] }""", "$.xds_servers[0].server_uri", "is not a string")]
    [InlineData("""{ "xds_servers": [{ "server_uri": "https://cp:443" }] }""", "$.xds_servers[0].server_uri", "is a web address")]
    [InlineData("""{ "xds_servers": [{ "server_uri": "cp:1" }] }""", "$.xds_servers[0].channel_creds", "is missing or empty")]
    [InlineData("""{ "xds_servers": [{ "server_uri": "cp:1", "channel_creds": [{ "type": "google_default" }, { "type": "alts" }] }] }""", "$.xds_servers[0].channel_creds", "has no supported type, only: google_default, alts")]
    [InlineData("""{ "xds_servers": [{ "server_uri": "cp:1", "channel_creds": [{}] }] }""", "$.xds_servers[0].channel_creds[0].type", "is missing")]
    [InlineData("""{ "xds_servers": [{ "server_uri": "cp:1", "channel_creds": [{ "type": "insecure" }], "server_features": [3] }] }""", "$.xds_servers[0].server_features[0]", "is not a string")]
    [InlineData("{" + Servers + """, "node": "me" }""", "$.node", "is not an object")]
    [InlineData("{" + Servers + """, "node": { "id": 7 } }""", "$.node.id", "is not a string")]
    [InlineData("{" + Servers + """, "node": { "metadata": [] } }""", "$.node.metadata", "is not an object")]
    [InlineData("{" + Servers + """, "node": { "locality": { "zone": {} } } }""", "$.node.locality.zone", "is not a string")]
    [InlineData("{" + Servers + """, "certificate_providers": { "default": "x" } }""", "$.certificate_providers.default", "is not an object")]
    [InlineData("{" + Servers + """, "authorities": [] }""", "$.authorities", "is not an object")]
    [InlineData("{" + Servers + """, "node": { "metadata": { "A": 1, "A": 2 } } }""", "$.node.metadata.A", "is there twice")]
    [InlineData("{" + Servers + """, "node": { "id": "\ud800" } }""", "$.node.id", "not valid Unicode")]
    public void Read_WrongShape_NamesPathAndProblem(string json, string path, string problem)
    {
        var error = Assert.Throws<MeshBootstrapException>(() => Read(json));

        Assert.Equal(path, error.JsonPath);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("The xDS bootstrap of test:", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "certificate_file": "c.pem" }""", "", "has only one of")]
    [InlineData("""{ "private_key_file": "k.pem" }""", "", "has only one of")]
    [InlineData("""{ "ca_certificate_file": "" }""", ".ca_certificate_file", "is empty")]
    [InlineData("""{ "ca_certificate_file": 1 }""", ".ca_certificate_file", "is not a string")]
    [InlineData("""{ "refresh_interval": "10m" }""", ".refresh_interval", "is not a duration")]
    [InlineData("""{ "refresh_interval": "0s" }""", ".refresh_interval", "is not a duration")]
    [InlineData("""{ "refresh_interval": "-1s" }""", ".refresh_interval", "is not a duration")]
    [InlineData("""{ "refresh_interval": 600 }""", ".refresh_interval", "is not a string")]
    public void Read_WrongTlsConfig_NamesPathAndProblem(string tls, string path, string problem)
    {
        var json = $$"""{ "xds_servers": [{ "server_uri": "cp:1", "channel_creds": [{ "type": "tls", "config": {{tls}} }] }] }""";

        var error = Assert.Throws<MeshBootstrapException>(() => Read(json));

        Assert.Equal("$.xds_servers[0].channel_creds[0].config" + path, error.JsonPath);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "token": "secret-1" """)]
    [InlineData("""{ "token": secret-1 }""")]
    public void Read_BrokenJson_NamesTheLineAndQuotesNothing(string json)
    {
        var error = Assert.Throws<MeshBootstrapException>(() => Read(json));

        Assert.Null(error.JsonPath);
        Assert.Contains("line 1, byte", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooDeep_IsRejected()
    {
        var json = "{" + Servers + ", \"x\": " + new string('[', 100) + new string(']', 100) + "}";

        var error = Assert.Throws<MeshBootstrapException>(() => Read(json));

        Assert.Contains("deeper than 32 levels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooLong_IsRejected()
    {
        var json = "{" + Servers + new string(' ', BootstrapJson.MaxBytes) + "}";

        var error = Assert.Throws<MeshBootstrapException>(() => Read(json));

        Assert.Contains("longer than 1048576 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ByteOrderMark_IsSkipped()
    {
        var config = Read("\uFEFF{" + Servers + "}");

        Assert.Single(config.Servers);
    }

    private static BootstrapConfig Read(string json) => BootstrapReader.Read(Encoding.UTF8.GetBytes(json), "test");

    private static BootstrapConfig ReadFile(string name) => BootstrapReader.Read(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "bootstrap", name)), name);
}
