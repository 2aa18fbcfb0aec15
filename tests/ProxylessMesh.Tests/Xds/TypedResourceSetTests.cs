using System.Diagnostics.Metrics;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Configuration;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;
using ProxylessMesh.Xds.Resources;
using ResourceError = ProxylessMesh.Configuration.ResourceError;

namespace ProxylessMesh.Tests.Xds;

/// <summary>Bytes that came before are known again: nothing is decoded twice, and nothing is lost by it.</summary>
public sealed class TypedResourceSetTests
{
    private static readonly ServerContext Server = new("scripted", "node-1", FailOnDataErrors: false, IsTimerTransient: false);

    private readonly CountingDecoder _decoder = new();
    private readonly TypedResourceSet<ClusterConfig> _set;

    public TypedResourceSetTests() => _set = new(_decoder, isFullState: true, TimeProvider.System, NullLogger.Instance, new XdsClientMetrics(new Meter("unheard")));

    [Fact]
    public void Apply_TenThousandUnchangedAndOneChanged_DecodesTheOne()
    {
        const int Count = 10_000;
        var watchers = Enumerable.Range(0, Count).Select(i => Watch($"c{i}")).ToList();
        var resources = Enumerable.Range(0, Count).Select(i => XdsResources.Cluster($"c{i}")).ToList();
        _set.Apply(Clusters("1", resources), Server);
        Assert.Equal(Count, _decoder.Count);

        resources[7] = ClusterOtherwise("c7");
        var errors = _set.Apply(Clusters("2", resources.Select(Reparsed)), Server);

        Assert.Empty(errors);
        Assert.Equal(Count + 1, _decoder.Count);
        Assert.Equal(2, watchers[7].Count);
        Assert.All(watchers.Where((_, i) => i != 7), watcher => Assert.Equal(1, watcher.Count));
    }

    [Fact]
    public void Apply_UnchangedInAFullState_CountsAsSeen()
    {
        var failing = Server with { FailOnDataErrors = true };
        var kept = Watch("kept");
        var deleted = Watch("deleted");
        _set.Apply(Clusters("1", [XdsResources.Cluster("kept"), XdsResources.Cluster("deleted")]), failing);

        _set.Apply(Clusters("2", [XdsResources.Cluster("kept")]), failing);

        Assert.Equal(1, kept.Count);
        Assert.Equal(2, deleted.Count);
    }

    [Fact]
    public void Apply_RejectedBytesAgain_AreRejectedAgainWithoutDecoding()
    {
        var watcher = Watch("bad");
        var first = _set.Apply(Clusters("1", [BadCluster("bad")]), Server);

        var second = _set.Apply(Clusters("2", [BadCluster("bad")]), Server);

        Assert.NotEmpty(first);
        Assert.Equal(first, second);
        Assert.Equal(1, _decoder.Count);
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public void Apply_GoodBytesAfterRejectedOnes_AreAcceptedAndTellNobody()
    {
        var watcher = Watch("c");
        _set.Apply(Clusters("1", [XdsResources.Cluster("c")]), Server);
        _set.Apply(Clusters("2", [BadCluster("c")]), Server);

        var errors = _set.Apply(Clusters("3", [XdsResources.Cluster("c")]), Server);

        Assert.Empty(errors);
        Assert.Equal(2, _decoder.Count);
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public void Apply_SameResourceTwice_IsRejectedThoughItsBytesAreKnown()
    {
        Watch("c");
        _set.Apply(Clusters("1", [XdsResources.Cluster("c")]), Server);

        var errors = _set.Apply(Clusters("2", [XdsResources.Cluster("c"), XdsResources.Cluster("c")]), Server);

        Assert.Contains("more than once", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_TwoResourcesWithoutAReadableName_AreBothReported()
    {
        Watch("c");
        var garbage = new Any { TypeUrl = ResourceTypes.Cluster, Value = ByteString.CopyFrom(0x0A, 0xFF) };

        var errors = _set.Apply(Clusters("1", [garbage, garbage]), Server);

        Assert.Equal(2, errors.Count);
        Assert.All(errors, error => Assert.Contains("Cluster", error, StringComparison.Ordinal));
    }

    [Fact]
    public void Apply_NameLeftAndWatchedAgain_DeliversTheSameBytesAnew()
    {
        Watch("other");
        var first = Watch("c");
        _set.Apply(Clusters("1", [XdsResources.Cluster("other"), XdsResources.Cluster("c")]), Server);
        _set.Remove("c", first);
        var second = Watch("c");

        _set.Apply(Clusters("1", [XdsResources.Cluster("other"), XdsResources.Cluster("c")]), Server);

        Assert.Equal(1, second.Count);
    }

    [Fact]
    public void Apply_WatcherLeavesWhileItIsTold_LaterWatcherOfTheSameBytesIsServed()
    {
        Watch("other");
        var leaving = new LeavingWatcher(_set, "c");
        _set.Add("c", leaving);
        _set.Apply(Clusters("1", [XdsResources.Cluster("other"), XdsResources.Cluster("c")]), Server);
        var second = Watch("c");

        _set.Apply(Clusters("2", [XdsResources.Cluster("other"), XdsResources.Cluster("c")]), Server);

        Assert.Equal(1, leaving.Count);
        Assert.Equal(1, second.Count);
    }

    private RecordingWatcher<ClusterConfig> Watch(string name)
    {
        var watcher = new RecordingWatcher<ClusterConfig>();
        _set.Add(name, watcher);
        return watcher;
    }

    /// <summary>The same bytes in other memory, as the next response brings them.</summary>
    private static Any Reparsed(Any resource) => Any.Parser.ParseFrom(resource.ToByteArray());

    [Fact]
    public void Wildcard_NameNotInTheFullState_IsAbsentAtOnceAndComesAliveLater()
    {
        var set = Wildcard();
        var before = new StatusWatcher();
        var after = new StatusWatcher();
        set.Add("missing", before);
        Assert.Empty(before.Seen);

        set.Apply(Clusters("1", [XdsResources.Cluster("c")]), Server);
        set.Add("missing-too", after);

        Assert.Equal(["missing: DoesNotExist"], before.Seen);
        Assert.Equal(["missing-too: DoesNotExist"], after.Seen);
        set.Apply(Clusters("2", [XdsResources.Cluster("c"), XdsResources.Cluster("missing")]), Server);
        Assert.Equal(["missing: DoesNotExist", "missing"], before.Seen);
        Assert.Single(after.Seen);
    }

    [Fact]
    public void Wildcard_EveryName_IsCachedBeforeItIsWatchedAndNeverAskedFor()
    {
        var set = Wildcard();
        Assert.True(set.HasSubscription);
        set.Apply(Clusters("1", [XdsResources.Cluster("a"), XdsResources.Cluster("b")]), Server);
        var watcher = new StatusWatcher();

        set.Add("b", watcher);

        Assert.Equal(["b"], watcher.Seen);
        Assert.Empty(set.Names);
        Assert.False(set.Remove("b", watcher));
        Assert.Equal(2, set.CacheStates.Count());
        set.Apply(Clusters("2", [XdsResources.Cluster("a")]), Server);
        Assert.Single(set.CacheStates);
    }

    [Fact]
    public void Wildcard_DeletedWhileWatched_StaysInUseUntilItIsLeft()
    {
        var set = Wildcard();
        var watcher = new StatusWatcher();
        set.Add("a", watcher);
        set.Apply(Clusters("1", [XdsResources.Cluster("a")]), Server);

        set.Apply(Clusters("2", []), Server);

        Assert.Equal(["a"], watcher.Seen);
        set.Remove("a", watcher);
        Assert.Empty(set.CacheStates);
    }

    [Fact]
    public void Wildcard_InvalidClusterThatNobodyWatches_IsReported()
    {
        var set = Wildcard();

        Assert.NotEmpty(set.Apply(Clusters("1", [BadCluster("bad")]), Server));
        Assert.NotEmpty(set.Apply(Clusters("2", [BadCluster("bad")]), Server));
        Assert.Equal(1, _decoder.Count);
    }

    private TypedResourceSet<ClusterConfig> Wildcard()
        => new(_decoder, isFullState: true, TimeProvider.System, NullLogger.Instance, new XdsClientMetrics(new Meter("unheard")), isWildcard: true);

    private static DiscoveryResponse Clusters(string version, IEnumerable<Any> resources)
        => AdsResponses.OfAny(ResourceTypes.Cluster, version, "n" + version, resources);

    private static Any ClusterOtherwise(string name)
    {
        var cluster = XdsResources.Cluster(name).Unpack<Envoy.Config.Cluster.V3.Cluster>();
        cluster.LbPolicy = Envoy.Config.Cluster.V3.Cluster.Types.LbPolicy.LeastRequest;
        return Any.Pack(cluster);
    }

    private static Any BadCluster(string name) => Any.Pack(new Envoy.Config.Cluster.V3.Cluster
    {
        Name = name,
        Type = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType.OriginalDst,
    });

    private sealed class CountingDecoder : IResourceDecoder<ClusterConfig>
    {
        private readonly ClusterDecoder _decoder = new();

        public int Count { get; private set; }

        public string TypeUrl => _decoder.TypeUrl;

        public DecodeResult<ClusterConfig> Decode(ByteString value)
        {
            Count++;
            return _decoder.Decode(value);
        }
    }

    private sealed class StatusWatcher : IResourceWatcher<ClusterConfig>
    {
        public List<string> Seen { get; } = [];

        public void OnChanged(ClusterConfig resource) => Seen.Add(resource.Name);

        public void OnError(ResourceError error) => Seen.Add($"{error.Message.Split('\'')[1]}: {error.Kind}");
    }

    /// <summary>Wants a resource once.</summary>
    private sealed class LeavingWatcher(TypedResourceSet<ClusterConfig> set, string name) : IResourceWatcher<ClusterConfig>
    {
        public int Count { get; private set; }

        public void OnChanged(ClusterConfig resource)
        {
            Count++;
            set.Remove(name, this);
        }

        public void OnError(ResourceError error) => Assert.Fail(error.Message);
    }
}
