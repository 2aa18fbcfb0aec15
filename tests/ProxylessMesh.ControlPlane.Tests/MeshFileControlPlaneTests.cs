using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests;

public sealed class MeshFileControlPlaneTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Changed_FileDeclaresMore_IsRaisedAndPushed()
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Default);
        var path = _directory.Write("mesh.yaml", MeshYaml.Service("orders"));
        await using var controlPlane = await MeshFileControlPlane.StartAsync(path, TimeProvider.System, NullLoggerFactory.Instance, timeout.Token);
        await using var transport = controlPlane.CreateTransport();
        await using var stream = transport.OpenStream(timeout.Token);
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        controlPlane.Changed += changed.SetResult;
        await stream.SendAsync(new DiscoveryRequest { TypeUrl = ResourceTypes.Listener, ResourceNames = { "cart" } }, timeout.Token);
        Assert.Empty((await stream.ReadAsync(timeout.Token))!.Resources);
        var hosts = new DeclaredHosts(controlPlane.Store, MeshClient.Default);
        Assert.False(hosts.Contains("cart"));

        _directory.Replace("mesh.yaml", MeshYaml.Service("cart"));
        await changed.Task.WaitAsync(timeout.Token);

        Assert.True(hosts.Contains("cart"));
        Assert.Single((await stream.ReadAsync(timeout.Token))!.Resources);
        Assert.Null(controlPlane.LastError);
        Assert.Equal(path, transport.ServerName);
    }

    [Fact]
    public async Task DeclaredHosts_AskedAgain_AllocatesNothing()
    {
        var path = _directory.Write("mesh.yaml", MeshYaml.Service("orders"));
        await using var controlPlane = await MeshFileControlPlane.StartAsync(path, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        var hosts = new DeclaredHosts(controlPlane.Store, MeshClient.Default);
        Assert.Equal((true, false), (hosts.Contains("orders"), hosts.Contains("api.example.com")));

        var before = GC.GetAllocatedBytesForCurrentThread();
        var isDeclared = hosts.Contains("api.example.com");
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal((false, 0), (isDeclared, allocated));
    }

    [Fact]
    public async Task DeclaredHosts_MoreThanAreRemembered_AreAnsweredStill()
    {
        var path = _directory.Write("mesh.yaml", MeshYaml.Service("orders"));
        await using var controlPlane = await MeshFileControlPlane.StartAsync(path, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        var hosts = new DeclaredHosts(controlPlane.Store, MeshClient.Default);

        Assert.DoesNotContain(Enumerable.Range(0, 2000), i => hosts.Contains($"h{i}.example.com"));
        Assert.True(hosts.Contains("orders"));
    }
}
