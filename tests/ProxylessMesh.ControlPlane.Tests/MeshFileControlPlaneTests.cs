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
        Assert.False(controlPlane.IsDeclared("cart", MeshClient.Default));

        _directory.Replace("mesh.yaml", MeshYaml.Service("cart"));
        await changed.Task.WaitAsync(timeout.Token);

        Assert.True(controlPlane.IsDeclared("cart", MeshClient.Default));
        Assert.Single((await stream.ReadAsync(timeout.Token))!.Resources);
        Assert.Null(controlPlane.LastError);
        Assert.Equal(path, transport.ServerName);
    }
}
