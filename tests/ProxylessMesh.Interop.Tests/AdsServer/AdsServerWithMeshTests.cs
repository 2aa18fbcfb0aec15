using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Interop.Tests.AdsServer;

/// <summary>Our ADS server as the control plane of our own client, over a real socket.</summary>
public sealed class AdsServerWithMeshTests
{
    [Fact]
    public async Task ControlPlane_StoppedAndStartedUnderLoad_NoRequestFailsAndUpdatesGoOn()
    {
        await using var http = await Backend.StartAsync("http", BackendProtocol.Http1);
        await using var grpc = await Backend.StartAsync("grpc", BackendProtocol.Http2);
        await using var movedHttp = await Backend.StartAsync("moved-http", BackendProtocol.Http1);
        await using var movedGrpc = await Backend.StartAsync("moved-grpc", BackendProtocol.Http2);
        await using var controlPlane = await ControlPlaneFixture.StartAsync(MeshYaml.Http("orders", http) + MeshYaml.Grpc("echo", grpc));
        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = controlPlane.Bootstrap }, NullLoggerFactory.Instance, CancellationToken.None);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };
        using var channel = mesh.CreateGrpcChannel("xds:///echo:9090");
        await using var load = new Load().Http(client, new Uri("http://orders/"), workers: 2).Grpc(channel, workers: 2);
        await load.MoreFromAsync("http", 20);
        await load.MoreFromAsync("grpc", 20);

        await controlPlane.StopServerAsync();
        await load.MoreAsync(200);
        await controlPlane.StartServerAsync();
        await load.MoreAsync(200);
        controlPlane.Rewrite(MeshYaml.Http("orders", movedHttp) + MeshYaml.Grpc("echo", movedGrpc));
        await load.MoreFromAsync("moved-http", 20);
        await load.MoreFromAsync("moved-grpc", 20);
        await load.StopAsync();

        Assert.Empty(load.Failures);
        controlPlane.AssertAllAccepted();
    }

    [Fact]
    public async Task File_WeightsAndEndpointsChangeUnderLoad_TakeEffectAndNoCallFails()
    {
        await using var v1 = await Backend.StartAsync("v1", BackendProtocol.Http2);
        await using var v2 = await Backend.StartAsync("v2", BackendProtocol.Http2);
        await using var moved1 = await Backend.StartAsync("moved1", BackendProtocol.Http2);
        await using var moved2 = await Backend.StartAsync("moved2", BackendProtocol.Http2);
        await using var controlPlane = await ControlPlaneFixture.StartAsync(MeshYaml.GrpcSplit("orders", v1, 90, v2, 10));
        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = controlPlane.Bootstrap }, NullLoggerFactory.Instance, CancellationToken.None);
        using var channel = mesh.CreateGrpcChannel("xds:///orders");
        await using var load = new Load().Grpc(channel);
        await load.MoreFromAsync("v1", 50);

        controlPlane.Rewrite(MeshYaml.GrpcSplit("orders", v1, 50, v2, 50));
        await load.MoreFromAsync("v2", 50);
        controlPlane.Rewrite(MeshYaml.GrpcSplit("orders", moved1, 50, moved2, 50));
        await load.MoreFromAsync("moved1", 50);
        await load.MoreFromAsync("moved2", 50);
        await v1.StopAsync();
        await v2.StopAsync();
        await load.MoreAsync(100);
        await load.StopAsync();

        Assert.Empty(load.Failures);
        controlPlane.AssertAllAccepted();
    }
}
