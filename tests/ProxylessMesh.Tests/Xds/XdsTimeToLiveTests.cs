using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>Resources that are given for a while only, and heartbeats that prolong it (xDS transport protocol).</summary>
public sealed class XdsTimeToLiveTests
{
    private const int Seconds = 10;

    [Fact]
    public async Task TimeToLive_RunsOut_EndsTheResource()
    {
        await using var fixture = new XdsClientFixture();
        var (watcher, stream) = await StartAsync(fixture);

        await fixture.AdvanceAsync(TimeSpan.FromSeconds(Seconds - 1));
        Assert.Equal(1, watcher.Count);
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(1));

        var error = await watcher.NextErrorAsync();
        Assert.Equal(ResourceErrorKind.DoesNotExist, error.Kind);
        Assert.Contains("time to live", error.Message, StringComparison.Ordinal);
        var described = (await fixture.Client.DescribeAsync(CancellationToken.None)).Single();
        Assert.Equal((MeshResourceState.DoesNotExist, false), (described.State, described.IsInUse));

        // The same bytes again are a resource again.
        stream.Respond(Clusters("2", Wrapped("c", Seconds)));
        await watcher.NextResourceAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TimeToLive_HeartbeatOrTheSameAgain_StartsAnew(bool isHeartbeat)
    {
        await using var fixture = new XdsClientFixture();
        var (watcher, stream) = await StartAsync(fixture);
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(Seconds - 1));

        stream.Respond(Clusters("2", isHeartbeat ? Heartbeat("c", Seconds) : Wrapped("c", Seconds)));
        var answer = await stream.NextAnswerAsync("n2");
        await fixture.SettleAsync();
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(Seconds - 1));
        Assert.Equal(1, watcher.Count);
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.Null(answer.ErrorDetail);
        Assert.Equal("2", answer.VersionInfo);
        await watcher.NextErrorAsync();
    }

    [Fact]
    public async Task TimeToLive_TakenAway_IsForGood()
    {
        await using var fixture = new XdsClientFixture();
        var (watcher, stream) = await StartAsync(fixture);

        stream.Respond(Clusters("2", XdsResources.Cluster("c")));
        await stream.NextAnswerAsync("n2");
        await fixture.SettleAsync();
        await fixture.AdvanceAsync(TimeSpan.FromDays(1));

        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task TimeToLive_StreamLost_RunsOutAllTheSame()
    {
        await using var fixture = new XdsClientFixture();
        var (watcher, stream) = await StartAsync(fixture);
        fixture.Transport.Refusal = "connection refused";
        stream.End("connection reset");
        await fixture.Transport.NextStreamAsync();
        await Until.TrueAsync(() => fixture.Client.UnreachableReason is not null);

        await fixture.AdvanceAsync(TimeSpan.FromSeconds(Seconds));

        Assert.Equal(ResourceErrorKind.DoesNotExist, (await watcher.NextErrorAsync()).Kind);
    }

    [Fact]
    public async Task Heartbeat_OfWhatIsNotHeld_IsIgnored()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();

        stream.Respond(Clusters("1", Heartbeat("c", Seconds), Heartbeat("other", Seconds)));

        Assert.Null((await stream.NextAnswerAsync("n1")).ErrorDetail);
        await fixture.SettleAsync();
        Assert.Equal(0, watcher.Count);
    }

    [Fact]
    public async Task Heartbeat_InAFullState_CountsAsSeen()
    {
        await using var fixture = new XdsClientFixture(failsOnDataErrors: true);
        var (watcher, stream) = await StartAsync(fixture);

        stream.Respond(Clusters("2", Heartbeat("c", Seconds)));
        await stream.NextAnswerAsync("n2");
        await fixture.SettleAsync();

        Assert.Equal(1, watcher.Count);
    }

    /// <summary>Each row: a wrapper, and what the NACK says.</summary>
    public static TheoryData<string, int?, string> Wrong() => new()
    {
        { "c", 0, "ttl: must be greater than 0" },
        { "c", -1, "ttl: must be greater than 0" },
        { "c", null, "a resource of type ''" },
        { "", 1, "a resource of type ''" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Heartbeat_Wrong_IsRejected(string name, int? seconds, string words)
    {
        await using var fixture = new XdsClientFixture();
        var (watcher, stream) = await StartAsync(fixture);

        stream.Respond(Clusters("2", Wrap(new Resource { Name = name, Ttl = seconds is { } given ? new Duration { Seconds = given } : null })));

        Assert.Contains(words, (await stream.NextAnswerAsync("n2")).ErrorDetail.Message, StringComparison.Ordinal);
        await fixture.SettleAsync();
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task TimeToLive_BeyondAnyTimer_IsForGood()
    {
        await using var fixture = new XdsClientFixture();
        var (watcher, stream) = await StartAsync(fixture);

        stream.Respond(Clusters("2", Wrap(new Resource { Name = "c", Resource_ = XdsResources.Cluster("c"), Ttl = new Duration { Seconds = 315_576_000_000 } })));
        await stream.NextAnswerAsync("n2");
        await fixture.SettleAsync();
        await fixture.AdvanceAsync(TimeSpan.FromDays(60));

        Assert.Equal(1, watcher.Count);
    }

    /// <summary>A cluster in use, with a time to live.</summary>
    private static async Task<(RecordingWatcher<ClusterConfig> Watcher, ScriptedStream Stream)> StartAsync(XdsClientFixture fixture)
    {
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", Wrapped("c", Seconds)));
        await stream.NextAnswerAsync("n1");
        await watcher.NextResourceAsync();
        await fixture.SettleAsync();
        return (watcher, stream);
    }

    private static DiscoveryResponse Clusters(string version, params IEnumerable<Any> resources) => AdsResponses.OfAny(ResourceTypes.Cluster, version, $"n{version}", resources);

    private static Any Wrapped(string name, int seconds) => Wrap(new Resource { Name = name, Resource_ = XdsResources.Cluster(name), Ttl = new Duration { Seconds = seconds } });

    private static Any Heartbeat(string name, int seconds) => Wrap(new Resource { Name = name, Ttl = new Duration { Seconds = seconds } });

    private static Any Wrap(Resource resource) => new() { TypeUrl = ResourceTypes.Wrapper, Value = resource.ToByteString() };
}
