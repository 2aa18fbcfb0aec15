using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>A bootstrap with authorities (gRFC A47), over real sockets.</summary>
public sealed class FederationTests : IAsyncLifetime
{
    private const string Partner = "Partner.Example";

    private Backend _ownBackend = null!; // set in InitializeAsync
    private Backend _partnerBackend = null!; // set in InitializeAsync
    private ReplayAdsServer _own = null!; // set in InitializeAsync
    private ReplayAdsServer _partner = null!; // set in InitializeAsync

    public async Task InitializeAsync()
    {
        _ownBackend = await Backend.StartAsync("own", BackendProtocol.Http2);
        _partnerBackend = await Backend.StartAsync("partner", BackendProtocol.Http2);
        _own = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", _ownBackend));
        const string Routes = $"xdstp://{Partner}/envoy.config.route.v3.RouteConfiguration/orders";
        const string Cluster = $"xdstp://{Partner}/envoy.config.cluster.v3.Cluster/orders";
        const string Endpoints = $"xdstp://{Partner}/envoy.config.endpoint.v3.ClusterLoadAssignment/orders";
        var cluster = XdsResources.Cluster(Cluster).Unpack<Envoy.Config.Cluster.V3.Cluster>();
        cluster.EdsClusterConfig.ServiceName = Endpoints;
        _partner = await ReplayAdsServer.StartAsync(
        [
            XdsResources.Listener($"xdstp://{Partner}/envoy.config.listener.v3.Listener/client/orders", Routes),
            XdsResources.Routes(Routes, XdsResources.Route("/", Cluster)),
            Google.Protobuf.WellKnownTypes.Any.Pack(cluster),
            XdsResources.Endpoints(Endpoints, _partnerBackend),
        ]);
    }

    public async Task DisposeAsync()
    {
        await _partner.DisposeAsync();
        await _own.DisposeAsync();
        await _partnerBackend.DisposeAsync();
        await _ownBackend.DisposeAsync();
    }

    [Theory]
    [InlineData("xds:///orders", "own")]
    [InlineData($"xds://{Partner}/orders", "partner")]
    public async Task Channel_WithAndWithoutAuthority_AsksItsOwnControlPlane(string address, string backend)
    {
        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = Bootstrap() }, NullLoggerFactory.Instance, CancellationToken.None);
        using var channel = mesh.CreateGrpcChannel(address);

        var reply = await new EchoService.EchoServiceClient(channel).UnaryAsync(new EchoRequest(), deadline: Deadline());

        Assert.Equal((backend, "orders"), (reply.Backend, reply.Authority));
        Assert.Single((backend == "own" ? _own : _partner).Server.Streams);
        Assert.Empty((backend == "own" ? _partner : _own).Server.Streams);
    }

    [Fact]
    public async Task FactoryClients_OfTwoAuthorities_ShareTheMeshAndItsDump()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Mesh:Bootstrap"] = Bootstrap(), ["Mesh:Preload:0"] = $"xds://{Partner}/orders" });
        builder.AddMesh();
        builder.Services.AddGrpcClient<EchoService.EchoServiceClient>("own", options => options.Address = new Uri("xds:///orders"));
        builder.Services.AddGrpcClient<EchoService.EchoServiceClient>("partner", options => options.Address = new Uri($"xds://{Partner}/orders"));
        using var host = builder.Build();
        await host.StartAsync();
        var factory = host.Services.GetRequiredService<Grpc.Net.ClientFactory.GrpcClientFactory>();

        var own = await factory.CreateClient<EchoService.EchoServiceClient>("own").UnaryAsync(new EchoRequest(), deadline: Deadline());
        var partner = await factory.CreateClient<EchoService.EchoServiceClient>("partner").UnaryAsync(new EchoRequest(), deadline: Deadline());
        var dump = await host.Services.GetRequiredService<Mesh>().GetConfigurationDumpAsync(CancellationToken.None);

        Assert.Equal(("own", "partner"), (own.Backend, partner.Backend));
        Assert.Equal(8, dump.Resources.Count);
        Assert.All(dump.Resources, resource => Assert.Equal(
            resource.Name.StartsWith("xdstp:", StringComparison.Ordinal) ? _partner.ServerUri : _own.ServerUri,
            resource.ControlPlane));
        await host.StopAsync();
    }

    [Fact]
    public async Task Channel_UnknownAuthority_FailsItsCallsAndNoOthers()
    {
        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = Bootstrap() }, NullLoggerFactory.Instance, CancellationToken.None);
        using var unknown = mesh.CreateGrpcChannel("xds://nobody/orders");
        using var known = mesh.CreateGrpcChannel("xds:///orders");

        var error = await Assert.ThrowsAsync<RpcException>(async () => await new EchoService.EchoServiceClient(unknown).UnaryAsync(new EchoRequest(), deadline: Deadline()));
        var reply = await new EchoService.EchoServiceClient(known).UnaryAsync(new EchoRequest(), deadline: Deadline());

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains("no authority 'nobody'", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("own", reply.Backend);
    }

    private static DateTime Deadline() => TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default;

    private string Bootstrap() => $$"""
        {
          "xds_servers": [{ "server_uri": "{{_own.ServerUri}}", "channel_creds": [{ "type": "insecure" }] }],
          "authorities": {
            "{{Partner}}": {
              "client_listener_resource_name_template": "xdstp://{{Partner}}/envoy.config.listener.v3.Listener/client/%s",
              "xds_servers": [{ "server_uri": "{{_partner.ServerUri}}", "channel_creds": [{ "type": "insecure" }] }]
            }
          },
          "node": { "id": "test-node" }
        }
        """;
}
