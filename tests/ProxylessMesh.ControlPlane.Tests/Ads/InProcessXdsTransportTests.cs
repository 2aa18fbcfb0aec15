using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.ControlPlane.Ads;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.Ads;

public sealed class InProcessXdsTransportTests : IDisposable
{
    private readonly MeshConfigurationStore _store = new(MeshYaml.Translate(MeshYaml.Service("orders")));
    private readonly CancellationTokenSource _timeout = new(TestTimeouts.Default);

    public void Dispose() => _timeout.Dispose();

    [Fact]
    public async Task ReadAsync_AfterASubscription_GivesTheResources()
    {
        await using var transport = Transport();
        await using var stream = transport.OpenStream(_timeout.Token);

        await stream.SendAsync(Listener("orders"), _timeout.Token);
        var response = await stream.ReadAsync(_timeout.Token);

        Assert.Single(response!.Resources);
    }

    [Fact]
    public async Task ReadAsync_AfterPublish_GivesTheChange()
    {
        await using var transport = Transport();
        await using var stream = transport.OpenStream(_timeout.Token);
        await stream.SendAsync(Listener("cart"), _timeout.Token);
        Assert.Empty((await stream.ReadAsync(_timeout.Token))!.Resources);

        _store.Publish(MeshYaml.Translate(MeshYaml.Service("cart"), 2));
        var response = await stream.ReadAsync(_timeout.Token);

        Assert.Equal("2", response!.VersionInfo);
        Assert.Single(response.Resources);
    }

    [Fact]
    public async Task Publish_ClientThatDoesNotRead_HoldsUpNobodyAndGetsTheNewest()
    {
        const int publications = 200;
        await using var transport = Transport();
        await using var slow = transport.OpenStream(_timeout.Token);
        await using var quick = transport.OpenStream(_timeout.Token);
        var request = new DiscoveryRequest { TypeUrl = ResourceTypes.ClusterLoadAssignment, ResourceNames = { "outbound|80||orders" } };
        await slow.SendAsync(request, _timeout.Token);
        await quick.SendAsync(request, _timeout.Token);
        await quick.ReadAsync(_timeout.Token);

        for (var version = 2; version <= publications; version++)
        {
            _store.Publish(MeshYaml.Translate(MeshYaml.Service("orders", targetPort: 5000 + version), version));
        }

        await ReadUntilAsync(quick, publications);
        Assert.InRange(await ReadUntilAsync(slow, publications), 1, publications - 1);
    }

    [Fact]
    public async Task DisposeAsync_Stream_EndsAReadThatWaits()
    {
        await using var transport = Transport();
        var stream = transport.OpenStream(_timeout.Token);
        var read = stream.ReadAsync(_timeout.Token).AsTask();

        await stream.DisposeAsync();

        await Assert.ThrowsAsync<XdsTransportException>(() => read);
        await Assert.ThrowsAsync<XdsTransportException>(() => stream.SendAsync(Listener("orders"), _timeout.Token).AsTask());
    }

    [Fact]
    public async Task DisposeAsync_Transport_EndsItsStreamsAndOpensNoMore()
    {
        var transport = Transport();
        var stream = transport.OpenStream(_timeout.Token);

        await transport.DisposeAsync();
        await transport.DisposeAsync();

        await Assert.ThrowsAsync<XdsTransportException>(() => stream.ReadAsync(_timeout.Token).AsTask());
        Assert.Throws<ObjectDisposedException>(() => transport.OpenStream(_timeout.Token));
    }

    [Fact]
    public async Task Cancel_TokenOfTheStream_EndsIt()
    {
        await using var transport = Transport();
        using var cancellation = new CancellationTokenSource();
        await using var stream = transport.OpenStream(cancellation.Token);
        var read = stream.ReadAsync(_timeout.Token).AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAsync<XdsTransportException>(() => read);
    }

    [Fact]
    public async Task Cancel_OneRead_LeavesTheStreamUsable()
    {
        await using var transport = Transport();
        await using var stream = transport.OpenStream(_timeout.Token);
        using var cancellation = new CancellationTokenSource();
        var read = stream.ReadAsync(cancellation.Token).AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await stream.SendAsync(Listener("orders"), _timeout.Token);
        Assert.NotNull(await stream.ReadAsync(_timeout.Token));
    }

    private async Task<int> ReadUntilAsync(IXdsStream stream, int version)
    {
        for (var count = 1; ; count++)
        {
            var response = await stream.ReadAsync(_timeout.Token);
            if (response!.VersionInfo == $"{version}")
            {
                return count;
            }
        }
    }

    private InProcessXdsTransport Transport() => new(MeshYaml.File, _store, NullLogger.Instance);

    private static DiscoveryRequest Listener(string name) => new() { TypeUrl = ResourceTypes.Listener, ResourceNames = { name } };
}
