using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>A bootstrap with more than one control plane (gRFC A71).</summary>
public sealed class FallbackTests
{
    [Fact]
    public async Task Send_FirstControlPlaneIsAway_IsServedByTheSecond()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var away = await ScriptedAdsServer.StartAsync();
        await away.StopAsync();
        await using var second = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", backend));
        var options = new MeshOptions
        {
            Bootstrap = $$"""
                {
                  "xds_servers": [
                    { "server_uri": "{{away.ServerUri}}", "channel_creds": [{ "type": "insecure" }] },
                    { "server_uri": "{{second.ServerUri}}", "channel_creds": [{ "type": "insecure" }] }
                  ],
                  "node": { "id": "test-node" }
                }
                """,
        };
        await using var mesh = await Mesh.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };

        using var response = await client.GetAsync(new Uri("http://orders/"));
        var dump = await mesh.GetConfigurationDumpAsync(CancellationToken.None);

        Assert.Equal(["b1"], response.Headers.GetValues("x-backend"));
        Assert.All(dump.Resources, resource => Assert.Equal(second.ServerUri, resource.ControlPlane));
    }
}
