using System.Collections.Concurrent;
using System.Threading.Channels;
using Envoy.Config.Core.V3;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Configuration;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>An xDS client with a scripted control plane and a clock that the test moves.</summary>
internal sealed class XdsClientFixture : IAsyncDisposable
{
    public XdsClientFixture(bool failsOnDataErrors = false)
        : this(new ScriptedTransport { FailsOnDataErrors = failsOnDataErrors })
    {
    }

    /// <param name="servers">The control planes in order of preference.</param>
    public XdsClientFixture(params IReadOnlyList<ScriptedTransport> servers)
        : this(new XdsServerList(servers, fallsBackOnReachabilityOnly: false), [])
    {
    }

    /// <param name="servers">For names without an authority.</param>
    /// <param name="authorities">For the names of each authority.</param>
    public XdsClientFixture(XdsServerList servers, Dictionary<string, XdsServerList> authorities)
    {
        Transport = (ScriptedTransport)servers.Servers[0];
        Loop = new ConfigurationLoop(NullLogger.Instance);
        Client = new XdsClient(servers, authorities, new Node { Id = "node-1" }, Loop, Clock, new SeededRandomSource(1), NullLogger<XdsClient>.Instance, Meter.XdsClient);
    }

    public ScriptedTransport Transport { get; }

    /// <summary>A meter of its own.</summary>
    public MeshMeter Meter { get; } = new(factory: null);

    public CountingClock Clock { get; } = new();

    public ConfigurationLoop Loop { get; }

    public XdsClient Client { get; }

    public async Task<RecordingWatcher<ListenerConfig>> WatchListenerAsync(string name)
    {
        var watcher = new RecordingWatcher<ListenerConfig>();
        await Loop.InvokeAsync(() => watcher.Watch = Client.WatchListener(name, watcher));
        return watcher;
    }

    public async Task<RecordingWatcher<RoutesConfig>> WatchRoutesAsync(string name)
    {
        var watcher = new RecordingWatcher<RoutesConfig>();
        await Loop.InvokeAsync(() => watcher.Watch = Client.WatchRoutes(name, watcher));
        return watcher;
    }

    public async Task<RecordingWatcher<ClusterConfig>> WatchClusterAsync(string name)
    {
        var watcher = new RecordingWatcher<ClusterConfig>();
        await Loop.InvokeAsync(() => watcher.Watch = Client.WatchCluster(name, watcher));
        return watcher;
    }

    public async Task<RecordingWatcher<EndpointsConfig>> WatchEndpointsAsync(string name)
    {
        var watcher = new RecordingWatcher<EndpointsConfig>();
        await Loop.InvokeAsync(() => watcher.Watch = Client.WatchEndpoints(name, watcher));
        return watcher;
    }

    public Task UnwatchAsync<T>(RecordingWatcher<T> watcher)
        where T : class => Loop.InvokeAsync(() => watcher.Watch!.Dispose());

    /// <summary>Moves the clock once so many timers were started in all, so that the one under test is among them.</summary>
    public async Task AdvanceAsync(TimeSpan time, int timers = 0)
    {
        await Until.TrueAsync(() => Clock.TimersStarted >= timers);
        Clock.Advance(time);
        await SettleAsync();
    }

    /// <summary>Lets the loop finish what is posted, and what that posts.</summary>
    public async Task SettleAsync()
    {
        for (var i = 0; i < 5; i++)
        {
            await Loop.InvokeAsync(static () => { });
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Loop.DisposeAsync();
        Meter.Dispose();
    }
}

/// <summary>A clock that the test moves, and that knows how many timers were started, and how many have not been disposed.</summary>
internal sealed class CountingClock : FakeTimeProvider
{
    private int _timersStarted;
    private int _timersEnded;

    public int TimersStarted => Volatile.Read(ref _timersStarted);

    public int TimersRunning => TimersStarted - Volatile.Read(ref _timersEnded);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Interlocked.Increment(ref _timersStarted);
        return new CountedTimer(this, timer);
    }

    private sealed class CountedTimer(CountingClock clock, ITimer timer) : ITimer
    {
        private int _isEnded;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            timer.Dispose();
            if (Interlocked.Exchange(ref _isEnded, 1) == 0)
            {
                Interlocked.Increment(ref clock._timersEnded);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>Keeps what a watcher hears, in order.</summary>
internal sealed class RecordingWatcher<T> : IResourceWatcher<T>
    where T : class
{
    private readonly Channel<object> _events = Channel.CreateUnbounded<object>();
    private readonly ConcurrentQueue<object> _all = new();

    public IDisposable? Watch { get; set; }

    public int Count => _all.Count;

    public void OnChanged(T resource) => Record(resource);

    public void OnError(ResourceError error) => Record(error);

    public async Task<T> NextResourceAsync() => Assert.IsAssignableFrom<T>(await NextAsync());

    public async Task<ResourceError> NextErrorAsync() => Assert.IsType<ResourceError>(await NextAsync());

    private Task<object> NextAsync() => _events.Reader.ReadAsync().AsTask().WaitAsync(TestTimeouts.Default);

    private void Record(object item)
    {
        _all.Enqueue(item);
        _events.Writer.TryWrite(item);
    }
}
