using System.Diagnostics.CodeAnalysis;
using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>Which control plane is asked, and whose answer counts (gRFC A71).</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The client of each test disposes of its transports.")]
public sealed class XdsFallbackTests
{
    private readonly ScriptedTransport _primary = new("primary");
    private readonly ScriptedTransport _secondary = new("secondary");
    private readonly ScriptedTransport _tertiary = new("tertiary");

    [Fact]
    public async Task StartUp_PrimaryUnreachable_SecondServesAndNoErrorIsSeen()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary);
        _primary.Refusal = "connection refused";
        var watcher = await fixture.WatchClusterAsync("c");

        var stream = await _secondary.NextStreamAsync();
        var request = await stream.NextRequestAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));

        Assert.Equal("node-1", request.Node.Id);
        Assert.Equal(["c"], request.ResourceNames);
        await watcher.NextResourceAsync();
        Assert.Equal(1, watcher.Count);
        await stream.NextAnswerAsync("n1");
        Assert.True(fixture.Client.IsConnected);
        Assert.Null(fixture.Client.UnreachableReason);
    }

    [Fact]
    public async Task StartUp_PrimaryAnswers_NobodyElseIsAsked()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary);
        var watcher = await fixture.WatchClusterAsync("c");
        (await _primary.NextStreamAsync()).Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        await fixture.SettleAsync();

        Assert.False(_secondary.HasStream);
    }

    [Fact]
    public async Task Outage_EverythingIsCached_ChangesNothing()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary);
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await _primary.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        await FailAsync(fixture, _primary, stream);

        Assert.False(_secondary.HasStream);
        Assert.Equal(1, watcher.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Outage_WhatIsMissingIsKnownToBeSo_ChangesNothing(bool isRejected)
    {
        // "resources that did not pass the validation" and those "considered as not existing" are cached too - gRFC A71
        await using var fixture = new XdsClientFixture(_primary, _secondary);
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await _primary.NextStreamAsync();
        stream.Respond(isRejected ? Clusters("1", "n1", BadCluster("c")) : NotFound("c"));
        await watcher.NextErrorAsync();

        await FailAsync(fixture, _primary, stream);

        Assert.False(_secondary.HasStream);
    }

    [Fact]
    public async Task Outage_NewNameWatchedMeanwhile_FallsBackForAllThatIsWatched()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary);
        var old = await fixture.WatchClusterAsync("old");
        var endpoints = await fixture.WatchEndpointsAsync("old");
        var stream = await _primary.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("old")));
        stream.Respond(Endpoints("1", "n2", port: 1));
        await old.NextResourceAsync();
        await endpoints.NextResourceAsync();
        await FailAsync(fixture, _primary, stream);

        var added = await fixture.WatchClusterAsync("new");
        var fallback = await _secondary.NextStreamAsync();
        var clusters = await fallback.NextRequestAsync(ResourceTypes.Cluster);
        var sets = await fallback.NextRequestAsync(ResourceTypes.ClusterLoadAssignment);
        fallback.Respond(Clusters("77", "m1", XdsResources.Cluster("old"), XdsResources.Cluster("new")));
        fallback.Respond(Endpoints("77", "m2", port: 2));

        // The second server knows nothing of the first one's versions.
        Assert.Equal(("", ""), (clusters.VersionInfo, clusters.ResponseNonce));
        Assert.Equal(["new", "old"], clusters.ResourceNames.Order());
        Assert.Equal(["old"], sets.ResourceNames);
        await added.NextResourceAsync();
        Assert.Equal(2, (await endpoints.NextResourceAsync()).Localities[0].Endpoints[0].Address.Port);
        await fixture.SettleAsync();
        Assert.Equal(1, old.Count); // the same bytes, from whomever
    }

    [Fact]
    public async Task MidStartUp_PrimaryLostHalfWay_SecondGivesTheRest()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary);
        var cluster = await fixture.WatchClusterAsync("old");
        var endpoints = await fixture.WatchEndpointsAsync("old");
        var stream = await _primary.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("old")));
        await cluster.NextResourceAsync();

        // A stream that worked and ends is no failure; the one after it, that does not come about, is.
        _primary.Refusal = "connection refused";
        stream.End("connection reset");
        var fallback = await _secondary.NextStreamAsync();
        await fallback.NextRequestAsync(ResourceTypes.ClusterLoadAssignment);
        fallback.Respond(Endpoints("1", "m1", port: 1));

        await endpoints.NextResourceAsync();
        Assert.Equal((1, 1), (cluster.Count, endpoints.Count));
    }

    [Fact]
    public async Task Fallback_PrimaryAnswersAgain_IsLeftAndCannotSpeakAnyMore()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary);
        _primary.Refusal = "connection refused";
        var watcher = await fixture.WatchEndpointsAsync("old");
        await _primary.NextStreamAsync();
        var fallback = await _secondary.NextStreamAsync();
        await Until.TrueAsync(() => fixture.Clock.TimersStarted >= 2); // the primary's backoff and the resource's timer
        fallback.Respond(Endpoints("9", "m1", port: 9));
        await watcher.NextResourceAsync();

        _primary.Refusal = null;
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(2));
        var stream = await _primary.NextStreamAsync();
        await stream.NextRequestAsync();
        Assert.False(fallback.IsDisposed);
        stream.Respond(Endpoints("1", "n1", port: 1));
        Assert.Equal(1, (await watcher.NextResourceAsync()).Localities[0].Endpoints[0].Address.Port);
        await fallback.Disposed.WaitAsync(TestTimeouts.Default);
        fallback.Respond(Endpoints("10", "m2", port: 10));
        await fixture.SettleAsync();

        Assert.Equal(2, watcher.Count);
    }

    [Fact]
    public async Task MidUpdate_FallbackOverwroteTheCache_PrimaryIsAskedForEverythingAgain()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary);
        var watcher = await fixture.WatchEndpointsAsync("old");
        var stream = await _primary.NextStreamAsync();
        stream.Respond(Endpoints("5", "n1", port: 5));
        await watcher.NextResourceAsync();
        var timers = fixture.Clock.TimersStarted;
        await FailAsync(fixture, _primary, stream);
        await fixture.WatchClusterAsync("new");
        var fallback = await _secondary.NextStreamAsync();
        fallback.Respond(Endpoints("9", "m1", port: 9));
        await watcher.NextResourceAsync();

        _primary.Refusal = null;
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(2), timers + 2); // the primary's backoff and the new resource's timer
        var next = await _primary.NextStreamAsync();
        var request = await next.NextRequestAsync(ResourceTypes.ClusterLoadAssignment);
        next.Respond(Endpoints("5", "n1", port: 5));

        // With its old version the server might take us to be up to date and say nothing, and the fallback would stay for good.
        Assert.Equal("", request.VersionInfo);
        Assert.Equal(5, (await watcher.NextResourceAsync()).Localities[0].Endpoints[0].Address.Port);
    }

    [Fact]
    public async Task ThreeServers_AllDown_TellsWatchersOnceTheLastHasFailedToo()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary, _tertiary);
        _primary.Refusal = "first is away";
        _secondary.HoldsStreams = true;
        _tertiary.Refusal = "third is away";
        var watcher = await fixture.WatchClusterAsync("c");
        var held = await _secondary.NextStreamAsync();
        await fixture.SettleAsync();
        Assert.Equal(0, watcher.Count);
        Assert.False(_tertiary.HasStream);

        held.End("second is away");
        var error = await watcher.NextErrorAsync();
        var late = await fixture.WatchClusterAsync("late");

        Assert.Equal(ResourceErrorKind.ControlPlaneUnreachable, error.Kind);
        Assert.All(["first is away", "second is away", "third is away", "tertiary", "node-1"], text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
        Assert.Equal(error, await late.NextErrorAsync());
        Assert.Equal("third is away", fixture.Client.UnreachableReason);
    }

    [Fact]
    public async Task ThreeServers_BetterOnesComeBackOneByOne_EachClosesThoseBehindIt()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary, _tertiary);
        _primary.Refusal = _secondary.Refusal = "connection refused";
        var watcher = await fixture.WatchEndpointsAsync("old");
        await _primary.NextStreamAsync();
        await _secondary.NextStreamAsync();
        var third = await _tertiary.NextStreamAsync();
        await Until.TrueAsync(() => fixture.Clock.TimersStarted >= 3); // two backoffs and the resource's timer
        third.Respond(Endpoints("3", "t1", port: 3));
        await watcher.NextResourceAsync();

        _secondary.Refusal = null;
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(1.3));
        var second = await _secondary.NextStreamAsync();
        second.Respond(Endpoints("2", "s1", port: 2));
        await watcher.NextResourceAsync();
        await third.Disposed.WaitAsync(TestTimeouts.Default);
        Assert.False(second.IsDisposed);

        await Until.TrueAsync(() => fixture.Clock.TimersStarted >= 4); // the primary's second backoff
        _primary.Refusal = null;
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(4));
        ScriptedStream first;
        do
        {
            first = await _primary.NextStreamAsync();
        }
        while (first.IsRefused);

        first.Respond(Endpoints("1", "p1", port: 1));
        Assert.Equal(1, (await watcher.NextResourceAsync()).Localities[0].Endpoints[0].Address.Port);
        await second.Disposed.WaitAsync(TestTimeouts.Default);
        Assert.Equal(3, watcher.Count);
    }

    [Fact]
    public async Task Fallback_SecondLostToo_LeavesWhatIsCachedInUse()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary, _tertiary);
        _primary.Refusal = "connection refused";
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await _secondary.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        await FailAsync(fixture, _secondary, stream);

        Assert.False(_tertiary.HasStream);
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task Silence_OnTheFallback_StartsItsOwnTimer()
    {
        await using var fixture = new XdsClientFixture(_primary, _secondary);
        _primary.Refusal = "connection refused";
        var watcher = await fixture.WatchListenerAsync("a");
        await (await _secondary.NextStreamAsync()).NextRequestAsync();

        await fixture.AdvanceAsync(TimeSpan.FromSeconds(15), timers: 2); // the backoff's, and the resource's

        var error = await watcher.NextErrorAsync();
        Assert.Equal(ResourceErrorKind.DoesNotExist, error.Kind);
        Assert.Contains("secondary", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_WhileFallenBack_EndsEveryStreamAndTransport()
    {
        var fixture = new XdsClientFixture(_primary, _secondary, _tertiary);
        _primary.Refusal = "connection refused";
        await fixture.WatchClusterAsync("c");
        var stream = await _secondary.NextStreamAsync();

        await fixture.DisposeAsync();

        Assert.True(stream.IsDisposed);
        Assert.True(_primary.IsDisposed && _secondary.IsDisposed && _tertiary.IsDisposed);
    }

    /// <summary>Ends a stream, refuses the next, and waits until the client has taken note.</summary>
    private static async Task FailAsync(XdsClientFixture fixture, ScriptedTransport server, ScriptedStream stream)
    {
        server.Refusal = "connection refused";
        stream.End("connection reset");
        await server.NextStreamAsync();
        await Until.TrueAsync(() => fixture.Client.UnreachableReason == "connection refused");
        await fixture.SettleAsync();
    }

    private static DiscoveryResponse Clusters(string version, string nonce, params IEnumerable<Any> resources)
        => AdsResponses.OfAny(ResourceTypes.Cluster, version, nonce, resources);

    private static DiscoveryResponse Endpoints(string version, string nonce, int port)
        => AdsResponses.OfAny(ResourceTypes.ClusterLoadAssignment, version, nonce, XdsResources.Endpoints("old", ("127.0.0.1", port)));

    private static DiscoveryResponse NotFound(string name) => new()
    {
        TypeUrl = ResourceTypes.Cluster,
        Nonce = "n1",
        ResourceErrors =
        {
            new Envoy.Service.Discovery.V3.ResourceError { ResourceName = new ResourceName { Name = name }, ErrorDetail = new Protos.Rpc.Status { Code = 5, Message = "no such cluster" } },
        },
    };

    private static Any BadCluster(string name) => Any.Pack(new Envoy.Config.Cluster.V3.Cluster
    {
        Name = name,
        Type = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType.OriginalDst,
    });
}
