using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using ProxylessMesh.Protos.Rpc;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>What is wrong with a resource, and what becomes of the version in use (gRFC A88), as watchers and the configuration dump see it.</summary>
public sealed class XdsDataErrorTests
{
    private const int Unavailable = 14;
    private const int NotFound = 5;
    private const int PermissionDenied = 7;

    [Theory]
    [InlineData(NotFound, false, true)]
    [InlineData(PermissionDenied, false, true)]
    [InlineData(Unavailable, false, true)]
    [InlineData(NotFound, true, false)]
    [InlineData(PermissionDenied, true, false)]
    [InlineData(Unavailable, true, true)]
    public async Task ResourceError_ForAResourceInUse_KeepsOrDropsIt(int code, bool failsOnDataErrors, bool isKept)
    {
        await using var fixture = new XdsClientFixture(failsOnDataErrors);
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        stream.Respond(Error("2", "n2", code, "said no"));
        await stream.NextAnswerAsync("n2");

        Assert.Equal(isKept ? 1 : 2, watcher.Count);
        var resource = await DescribeAsync(fixture);
        Assert.Equal((MeshResourceState.ReceivedError, isKept, "1"), (resource.State, resource.IsInUse, resource.Version));
        Assert.Equal(("said no", "2"), (resource.Error?.Message, resource.Error?.Version));
    }

    [Theory]
    [InlineData(NotFound, ResourceErrorKind.DoesNotExist)]
    [InlineData(PermissionDenied, ResourceErrorKind.Invalid)]
    [InlineData(Unavailable, ResourceErrorKind.ControlPlaneUnreachable)]
    public async Task ResourceError_NothingInUse_IsToldAndStopsTheTimer(int code, object kind)
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        await Until.TrueAsync(() => fixture.Clock.TimersStarted >= 1);

        stream.Respond(Error("1", "n1", code, "said no"));
        var error = await watcher.NextErrorAsync();
        await fixture.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(kind, error.Kind);
        Assert.Contains("said no", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, watcher.Count);
        Assert.Equal(MeshResourceState.ReceivedError, (await DescribeAsync(fixture)).State);
    }

    [Fact]
    public async Task Absence_OfWhatNeverCame_IsNoDeletion()
    {
        // Only "seen before but absent" is deleted (gRFC A53); what never came has its timer.
        await using var fixture = new XdsClientFixture(failsOnDataErrors: true);
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();

        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("other")));
        await stream.NextAnswerAsync("n1");
        await fixture.SettleAsync();
        Assert.Equal(0, watcher.Count);
        await fixture.AdvanceAsync(TimeSpan.FromSeconds(15), timers: 1);

        Assert.Equal(ResourceErrorKind.DoesNotExist, (await watcher.NextErrorAsync()).Kind);
    }

    [Fact]
    public async Task Silence_TimerIsTransient_MeansSlownessAfterThirtySeconds()
    {
        await using var fixture = new XdsClientFixture(new ScriptedTransport { IsResourceTimerTransient = true });
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();

        await fixture.AdvanceAsync(TimeSpan.FromSeconds(29.999), timers: 1);
        Assert.Equal(0, watcher.Count);
        await fixture.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        var error = await watcher.NextErrorAsync();
        var slow = await DescribeAsync(fixture);
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        Assert.Equal(ResourceErrorKind.ControlPlaneUnreachable, error.Kind);
        Assert.Equal((MeshResourceState.Timeout, false, "", null), (slow.State, slow.IsInUse, slow.Version, slow.LastUpdated));
        Assert.Equal(MeshResourceState.Acked, (await DescribeAsync(fixture)).State);
    }

    [Fact]
    public async Task Silence_OneServerIsSlowAndTheOtherNot_EachHasItsOwnTimer()
    {
        var primary = new ScriptedTransport("primary") { IsResourceTimerTransient = true, Refusal = "away" };
        var secondary = new ScriptedTransport("secondary");
        await using var fixture = new XdsClientFixture(primary, secondary);
        var watcher = await fixture.WatchClusterAsync("c");
        await (await secondary.NextStreamAsync()).NextRequestAsync();

        await fixture.AdvanceAsync(TimeSpan.FromSeconds(15), timers: 2);

        Assert.Equal(ResourceErrorKind.DoesNotExist, (await watcher.NextErrorAsync()).Kind);
    }

    [Fact]
    public async Task Dump_ThroughAResourcesLife_NamesStateVersionTimeAndError()
    {
        await using var fixture = new XdsClientFixture();
        var start = fixture.Clock.GetUtcNow();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();
        var requested = await DescribeAsync(fixture);
        Assert.Equal((MeshResourceState.Requested, false, "", null, null), (requested.State, requested.IsInUse, requested.Version, requested.LastUpdated, requested.ControlPlane));

        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await stream.NextAnswerAsync("n1");
        var accepted = await DescribeAsync(fixture);
        Assert.Equal((MeshResourceState.Acked, true, "1", start, "scripted"), (accepted.State, accepted.IsInUse, accepted.Version, accepted.LastUpdated, accepted.ControlPlane));
        Assert.Null(accepted.Error);

        fixture.Clock.Advance(TimeSpan.FromSeconds(10));
        stream.Respond(Clusters("2", "n2", BadCluster("c")));
        await stream.NextAnswerAsync("n2");
        var rejected = await DescribeAsync(fixture);
        Assert.Equal((MeshResourceState.Nacked, true, "1", start), (rejected.State, rejected.IsInUse, rejected.Version, rejected.LastUpdated));
        Assert.Equal(("2", start.AddSeconds(10)), (rejected.Error?.Version, rejected.Error?.Time));
        Assert.Contains("type", rejected.Error?.Message, StringComparison.Ordinal);

        stream.Respond(Clusters("3", "n3"));
        await stream.NextAnswerAsync("n3");
        var deleted = await DescribeAsync(fixture);
        Assert.Equal((MeshResourceState.DoesNotExist, true, "1", "3"), (deleted.State, deleted.IsInUse, deleted.Version, deleted.Error?.Version));

        stream.Respond(Clusters("4", "n4", XdsResources.Cluster("c")));
        await stream.NextAnswerAsync("n4");
        var again = await DescribeAsync(fixture);
        Assert.Equal((MeshResourceState.Acked, "4", start.AddSeconds(10), null), (again.State, again.Version, again.LastUpdated, again.Error));
        await watcher.NextResourceAsync();
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task Dump_SeveralTypes_IsOrderedByTypeAndName()
    {
        await using var fixture = new XdsClientFixture();
        await fixture.WatchListenerAsync("z");
        await fixture.WatchClusterAsync("b");
        await fixture.WatchClusterAsync("a");

        var resources = await fixture.Client.DescribeAsync(CancellationToken.None);

        Assert.Equal(
            [(ResourceTypes.Cluster, "a"), (ResourceTypes.Cluster, "b"), (ResourceTypes.Listener, "z")],
            resources.Select(resource => (resource.TypeUrl, resource.Name)));
    }

    private static async Task<MeshResource> DescribeAsync(XdsClientFixture fixture)
        => Assert.Single(await fixture.Client.DescribeAsync(CancellationToken.None));

    private static DiscoveryResponse Clusters(string version, string nonce, params IEnumerable<Any> resources)
        => AdsResponses.OfAny(ResourceTypes.Cluster, version, nonce, resources);

    private static DiscoveryResponse Error(string version, string nonce, int code, string message) => new()
    {
        TypeUrl = ResourceTypes.Cluster,
        VersionInfo = version,
        Nonce = nonce,
        ResourceErrors =
        {
            new Envoy.Service.Discovery.V3.ResourceError { ResourceName = new ResourceName { Name = "c" }, ErrorDetail = new Status { Code = code, Message = message } },
        },
    };

    private static Any BadCluster(string name) => Any.Pack(new Envoy.Config.Cluster.V3.Cluster
    {
        Name = name,
        Type = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType.OriginalDst,
    });
}
