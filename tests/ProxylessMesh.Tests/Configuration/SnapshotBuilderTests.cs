using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Tests.Configuration;

/// <summary>The join of listeners, routes, clusters and endpoints (gRFC A74), without a stream.</summary>
public sealed class SnapshotBuilderTests : IAsyncDisposable
{
    private readonly ConfigurationLoop _loop = new(NullLogger.Instance);
    private readonly ScriptedSource _source = new();
    private readonly RecordingConsumer _consumer = new();
    private readonly SnapshotStore _store;
    private readonly SnapshotBuilder _builder;

    public SnapshotBuilderTests()
    {
        _store = new SnapshotStore(_consumer);
        _builder = new SnapshotBuilder(_source, _store, _loop);
    }

    [Fact]
    public async Task Demand_NothingThereYet_IsPendingAndWatched()
    {
        await RunAsync(() => _builder.Demand("l"));

        Assert.Equal(["listener l"], _source.Watched);
        Assert.Equal(new ListenerSnapshot("l", null, null, null), _store.Current.Listeners["l"]);
    }

    [Fact]
    public async Task References_AsTheyCome_AreFollowedToTheEndpoints()
    {
        await RunAsync(() => _builder.Demand("l"));
        await RunAsync(() => _source.Listeners["l"].OnChanged(Listener("r")));
        await RunAsync(() => _source.Routes["r"].OnChanged(Routes("c1", "c2")));
        await RunAsync(() => _source.Clusters["c1"].OnChanged(Cluster("c1", "e1")));

        Assert.Equal(["listener l", "routes r", "cluster c1", "cluster c2", "endpoints e1"], _source.Watched);
        Assert.False(_store.Current.Clusters["c1"].IsComplete);
        await RunAsync(() => _source.Endpoints["e1"].OnChanged(EndpointsConfig.Empty));
        Assert.True(_store.Current.Clusters["c1"].IsComplete);
        Assert.False(_store.Current.Clusters["c2"].IsComplete);
        Assert.Null(_store.Current.Clusters["c2"].Error);
    }

    [Fact]
    public async Task Changes_InOneStep_ArePublishedOnce()
    {
        await CompleteAsync();
        _consumer.Changes.Clear();

        await RunAsync(() =>
        {
            _source.Clusters["c"].OnChanged(Cluster("c", "e") with { ConnectTimeout = TimeSpan.FromSeconds(1) });
            _source.Endpoints["e"].OnChanged(EndpointsConfig.Empty with { ClusterName = "e" });
            _source.Routes["r"].OnChanged(Routes("c"));
        });

        var changes = Assert.Single(_consumer.Changes);
        Assert.Equal(["l"], changes.Listeners);
        Assert.Equal(["c"], changes.Clusters);
    }

    [Fact]
    public async Task Routes_NameOtherClusters_OldOnesAreLetGoAfterNewOnesAreHeld()
    {
        await CompleteAsync();
        _source.Watched.Clear();

        await RunAsync(() => _source.Routes["r"].OnChanged(Routes("c", "new")));
        await RunAsync(() => _source.Routes["r"].OnChanged(Routes("new")));

        // c was named by both of the first two: it is not dropped and asked for again in between.
        Assert.Equal(["cluster new", "-cluster c"], _source.Watched.Where(watch => watch.Contains("cluster", StringComparison.Ordinal)));
        Assert.Equal(["new"], _store.Current.Clusters.Keys);
        Assert.Contains("-endpoints e", _source.Watched);
    }

    [Fact]
    public async Task Cluster_NamedByTwoListeners_IsWatchedOnceAndKeptForTheOther()
    {
        await CompleteAsync();
        await RunAsync(() => _builder.Demand("l2"));
        await RunAsync(() => _source.Listeners["l2"].OnChanged(Listener("r2")));
        await RunAsync(() => _source.Routes["r2"].OnChanged(Routes("c")));

        await RunAsync(() => _source.Routes["r2"].OnChanged(Routes("other")));

        Assert.Single(_source.Watched, watch => watch == "cluster c");
        Assert.DoesNotContain("-cluster c", _source.Watched);
    }

    [Fact]
    public async Task WeightZeroCluster_IsNotAskedFor()
    {
        await RunAsync(() => _builder.Demand("l"));
        await RunAsync(() => _source.Listeners["l"].OnChanged(Listener("r")));

        await RunAsync(() => _source.Routes["r"].OnChanged(RoutesOf(new WeightedClusterConfig("used", 1), new WeightedClusterConfig("unused", 0))));

        Assert.Equal(["used"], _store.Current.Clusters.Keys);
    }

    [Fact]
    public async Task Listener_PointsToOtherRoutes_OldOnesStayUntilTheyCome()
    {
        await CompleteAsync();
        var before = _store.Current.Listeners["l"].Routes;

        await RunAsync(() => _source.Listeners["l"].OnChanged(Listener("r2")));
        Assert.Same(before, _store.Current.Listeners["l"].Routes);
        Assert.Contains("-routes r", _source.Watched);
        var routes = Routes("c2");
        await RunAsync(() => _source.Routes["r2"].OnChanged(routes));

        Assert.Same(routes, _store.Current.Listeners["l"].Routes);
    }

    [Fact]
    public async Task ListenerError_ThenListenerAgain_Recovers()
    {
        await CompleteAsync();
        var error = new ResourceError(ResourceErrorKind.DoesNotExist, "gone");

        await RunAsync(() => _source.Listeners["l"].OnError(error));
        Assert.Equal(new ListenerSnapshot("l", null, null, error), _store.Current.Listeners["l"]);
        Assert.Empty(_store.Current.Clusters);
        await RunAsync(() => _source.Listeners["l"].OnChanged(Listener("r")));
        await RunAsync(() => _source.Routes["r"].OnChanged(Routes("c")));

        Assert.Null(_store.Current.Listeners["l"].Error);
        Assert.NotNull(_store.Current.Listeners["l"].Routes);
    }

    [Fact]
    public async Task RoutesError_ThenListenerChanges_ErrorStays()
    {
        await CompleteAsync();
        var error = new ResourceError(ResourceErrorKind.DoesNotExist, "gone");
        await RunAsync(() => _source.Routes["r"].OnError(error));

        await RunAsync(() => _source.Listeners["l"].OnChanged(Listener("r")));

        Assert.Equal(error, _store.Current.Listeners["l"].Error);
    }

    [Fact]
    public async Task EndpointsError_ThenClusterChanges_ErrorStays()
    {
        await CompleteAsync();
        var error = new ResourceError(ResourceErrorKind.DoesNotExist, "gone");
        await RunAsync(() => _source.Endpoints["e"].OnError(error));

        await RunAsync(() => _source.Clusters["c"].OnChanged(Cluster("c", "e")));

        Assert.Equal(error, _store.Current.Clusters["c"].Error);
    }

    [Fact]
    public async Task Cluster_PointsToOtherEndpoints_OldOnesStayUntilTheyCome()
    {
        await CompleteAsync();
        var before = _store.Current.Clusters["c"].Endpoints;

        await RunAsync(() => _source.Clusters["c"].OnChanged(Cluster("c", "e2")));

        Assert.Same(before, _store.Current.Clusters["c"].Endpoints);
        Assert.Contains("endpoints e2", _source.Watched);
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task CompleteAsync()
    {
        await RunAsync(() => _builder.Demand("l"));
        await RunAsync(() => _source.Listeners["l"].OnChanged(Listener("r")));
        await RunAsync(() => _source.Routes["r"].OnChanged(Routes("c")));
        await RunAsync(() => _source.Clusters["c"].OnChanged(Cluster("c", "e")));
        await RunAsync(() => _source.Endpoints["e"].OnChanged(EndpointsConfig.Empty));
    }

    /// <summary>Runs a step, and the publication that it posted.</summary>
    private async Task RunAsync(Action step)
    {
        await _loop.InvokeAsync(step);
        await _loop.InvokeAsync(static () => { });
    }

    private static ListenerConfig Listener(string routes) => new() { Name = "l", RoutesName = routes };

    private static RoutesConfig Routes(params string[] clusters) => RoutesOf([.. clusters.Select(cluster => new WeightedClusterConfig(cluster, 1))]);

    private static RoutesConfig RoutesOf(params WeightedClusterConfig[] clusters) => new()
    {
        Name = "r",
        VirtualHosts =
        [
            new VirtualHostConfig("v", ["*"], [new RouteConfig { Match = new RouteMatchConfig(PathMatcher.Prefix("/"), []), Action = new ForwardActionConfig([.. clusters]) }]),
        ],
    };

    private static ClusterConfig Cluster(string name, string endpoints) => new()
    {
        Name = name,
        DiscoveryType = ClusterDiscoveryType.Eds,
        EdsName = endpoints,
        LoadBalancer = RoundRobinConfig.Instance,
    };

    private sealed class RecordingConsumer : ISnapshotConsumer
    {
        public List<SnapshotChanges> Changes { get; } = [];

        public void OnSnapshot(MeshSnapshot snapshot, SnapshotChanges changes) => Changes.Add(changes);
    }

    /// <summary>Resources in the hands of a test.</summary>
    private sealed class ScriptedSource : IResourceSource
    {
        public Dictionary<string, IResourceWatcher<ListenerConfig>> Listeners { get; } = [];

        public Dictionary<string, IResourceWatcher<RoutesConfig>> Routes { get; } = [];

        public Dictionary<string, IResourceWatcher<ClusterConfig>> Clusters { get; } = [];

        public Dictionary<string, IResourceWatcher<EndpointsConfig>> Endpoints { get; } = [];

        /// <summary>Each watch as it began, and with a minus as it ended.</summary>
        public List<string> Watched { get; } = [];

        public IDisposable WatchListener(string name, IResourceWatcher<ListenerConfig> watcher) => Watch(Listeners, "listener", name, watcher);

        public IDisposable WatchRoutes(string name, IResourceWatcher<RoutesConfig> watcher) => Watch(Routes, "routes", name, watcher);

        public IDisposable WatchCluster(string name, IResourceWatcher<ClusterConfig> watcher) => Watch(Clusters, "cluster", name, watcher);

        public IDisposable WatchEndpoints(string name, IResourceWatcher<EndpointsConfig> watcher) => Watch(Endpoints, "endpoints", name, watcher);

        private Ended Watch<T>(Dictionary<string, IResourceWatcher<T>> watchers, string kind, string name, IResourceWatcher<T> watcher)
        {
            watchers[name] = watcher;
            Watched.Add($"{kind} {name}");
            return new Ended(() => Watched.Add($"-{kind} {name}"));
        }
    }

    private sealed class Ended(Action onDispose) : IDisposable
    {
        public void Dispose() => onDispose();
    }
}
