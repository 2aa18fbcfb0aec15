using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>What a mesh says about its own configuration.</summary>
public sealed class ConfigurationDumpTests
{
    [Fact]
    public async Task GetConfigurationDump_AfterARequest_HoldsEveryResourceOnItsWay()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        var before = await mesh.Mesh.GetConfigurationDumpAsync(CancellationToken.None);
        await mesh.BackendOfAsync("http://orders/");

        var dump = await mesh.Mesh.GetConfigurationDumpAsync(CancellationToken.None);

        Assert.Empty(before.Resources);
        Assert.Equal(
            [ResourceTypes.Cluster, ResourceTypes.ClusterLoadAssignment, ResourceTypes.Listener, ResourceTypes.RouteConfiguration],
            dump.Resources.Select(resource => resource.TypeUrl).Distinct());
        Assert.All(dump.Resources, resource =>
        {
            Assert.Equal(MeshResourceState.Acked, resource.State);
            Assert.True(resource.IsInUse);
            Assert.NotEqual("", resource.Version);
            Assert.NotNull(resource.LastUpdated);
            Assert.Equal(mesh.ControlPlane.ServerUri, resource.ControlPlane);
            Assert.Null(resource.Error);
        });
    }

    [Fact]
    public async Task GetConfigurationDump_Disposed_IsCancelled()
    {
        await using var mesh = await MeshFixture.StartAsync();
        await mesh.Mesh.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => mesh.Mesh.GetConfigurationDumpAsync(CancellationToken.None));
    }
}
