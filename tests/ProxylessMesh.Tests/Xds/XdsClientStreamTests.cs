using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>The life of the stream, seen from those who watch: it ends, it cannot be opened, it is disposed (gRFC A57).</summary>
public sealed class XdsClientStreamTests
{
    [Fact]
    public async Task StreamEnd_AfterAResponse_ReopensAtOnceWithLastVersionsAndNoError()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("9", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        stream.End("connection reset");
        var next = await fixture.Transport.NextStreamAsync();
        var request = await next.NextRequestAsync();

        Assert.Equal(("9", ""), (request.VersionInfo, request.ResponseNonce));
        Assert.Equal("node-1", request.Node.Id);
        Assert.Equal(["c"], request.ResourceNames);
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task Silence_StreamEndedMeanwhile_StartsANewTimerOnTheNextStream()
    {
        await using var fixture = new XdsClientFixture();
        await fixture.WatchClusterAsync("answered");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("answered")));
        await stream.NextAnswerAsync("n1");
        await fixture.SettleAsync();
        var timers = fixture.Clock.TimersStarted;
        var watcher = await fixture.WatchListenerAsync("a");
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(14), timers + 1);

        stream.End();
        var next = await fixture.Transport.NextStreamAsync();
        await next.NextRequestAsync(ResourceTypes.Listener);
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(14), timers + 2);
        Assert.Equal(0, watcher.Count);
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(ResourceErrorKind.DoesNotExist, (await watcher.NextErrorAsync()).Kind);
    }

    [Fact]
    public async Task Silence_ResourceCameOnAnEarlierStream_StartsNoTimer()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await stream.NextAnswerAsync("n1");
        await watcher.NextResourceAsync();
        await fixture.SettleAsync();
        var timers = fixture.Clock.TimersStarted;

        stream.End();
        await (await fixture.Transport.NextStreamAsync()).NextRequestAsync();
        await fixture.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(timers, fixture.Clock.TimersStarted);
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task Read_LastResponseNotDealtWith_Waits()
    {
        // Flow control: a server that sends faster than watchers follow is slowed down by the transport.
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        await Until.TrueAsync(() => stream.Reads == 1);
        using var gate = new ManualResetEventSlim();
        fixture.Loop.Post(() => gate.Wait(TestTimeouts.Default));
        for (var i = 1; i <= 3; i++)
        {
            stream.Respond(Clusters($"{i}", $"n{i}", XdsResources.Cluster("c")));
        }

        await Until.TrueAsync(() => stream.Waiting == 2);
        var readWhileBusy = stream.Reads;
        gate.Set();
        await stream.NextAnswerAsync("n3");

        Assert.Equal(1, readWhileBusy);
        await watcher.NextResourceAsync();
    }

    [Fact]
    public async Task StreamEnd_BeforeAnyResponse_TellsThoseWithoutAResourceAndBacksOff()
    {
        await using var fixture = new XdsClientFixture();
        fixture.Transport.Refusal = "connection refused";
        var watcher = await fixture.WatchListenerAsync("a");
        await fixture.Transport.NextStreamAsync();

        var error = await watcher.NextErrorAsync();
        Assert.Equal(ResourceErrorKind.ControlPlaneUnreachable, error.Kind);
        Assert.Contains("connection refused", error.Message, StringComparison.Ordinal);

        // 1, 1.6 and 2.56 s, each ±20 %.
        var timers = 0;
        foreach (var delay in new[] { 1.0, 1.6, 2.56 })
        {
            await fixture.AdvanceAsync(TimeSpan.FromSeconds(delay * 0.79), ++timers);
            Assert.False(fixture.Transport.HasStream);
            await fixture.AdvanceAsync(TimeSpan.FromSeconds(delay * 0.42));
            await fixture.Transport.NextStreamAsync();
            await watcher.NextErrorAsync();
        }
    }

    [Fact]
    public async Task Watch_WhileTheControlPlaneIsUnreachable_IsToldAtOnceAndRecovers()
    {
        await using var fixture = new XdsClientFixture();
        fixture.Transport.Refusal = "connection refused";
        var first = await fixture.WatchClusterAsync("c1");
        await first.NextErrorAsync();

        var second = await fixture.WatchClusterAsync("c2");
        Assert.Equal(ResourceErrorKind.ControlPlaneUnreachable, (await second.NextErrorAsync()).Kind);
        fixture.Transport.Refusal = null;
        await fixture.Transport.NextStreamAsync();
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(2), timers: 1);
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c1"), XdsResources.Cluster("c2")));

        await first.NextResourceAsync();
        await second.NextResourceAsync();
    }

    [Fact]
    public async Task Dispose_WithAnOpenStream_EndsItAndTheTransport()
    {
        var fixture = new XdsClientFixture();
        await fixture.WatchListenerAsync("a");
        await fixture.Transport.NextStreamAsync();

        await fixture.DisposeAsync();

        Assert.True(fixture.Transport.IsDisposed);
    }

    private static DiscoveryResponse Clusters(string version, string nonce, params IEnumerable<Any> resources)
        => AdsResponses.OfAny(ResourceTypes.Cluster, version, nonce, resources);
}
