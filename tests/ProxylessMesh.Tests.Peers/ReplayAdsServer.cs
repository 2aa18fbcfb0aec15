using System.Globalization;
using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;

namespace ProxylessMesh.Tests.Peers;

/// <summary>
/// A control plane that answers by itself from a set of resources, as istiod does: names it does not know are not answered,
/// an acknowledgement is not answered, a changed subscription is. Recorded responses can be pushed as they are. Rejections
/// are kept, so that a test can assert that there were none. Safe for concurrent use.
/// </summary>
public sealed class ReplayAdsServer : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string TypeUrl, string Name), Any> _resources = []; // guarded by _lock
    private readonly List<DiscoveryRequest> _nacks = []; // guarded by _lock
    private readonly List<ReplayAdsSession> _sessions = []; // guarded by _lock
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _accepting;
    private int _version;

    private ReplayAdsServer(ScriptedAdsServer server, IEnumerable<Any> resources)
    {
        Server = server;
        Remember(resources);
        _accepting = AcceptAsync();
    }

    /// <summary>The server underneath: its address, its streams, and how to stop and start it.</summary>
    public ScriptedAdsServer Server { get; }

    public string ServerUri => Server.ServerUri;

    /// <summary>The requests that carried an <c>error_detail</c>, in order.</summary>
    public IReadOnlyList<DiscoveryRequest> Nacks
    {
        get
        {
            lock (_lock)
            {
                return [.. _nacks];
            }
        }
    }

    public static async Task<ReplayAdsServer> StartAsync(IEnumerable<Any> resources, ScriptedAdsServerOptions? options = null) =>
        new(await ScriptedAdsServer.StartAsync(options), resources);

    /// <summary>Adds or replaces resources and sends their types to the streams that subscribe to them.</summary>
    public async Task SetAsync(params IEnumerable<Any> resources)
    {
        var changed = Remember(resources);
        await SendAsync(changed);
    }

    /// <summary>Takes a resource away. Of listeners and clusters the client learns it at once; of the others it never does.</summary>
    public async Task RemoveAsync(string typeUrl, string name)
    {
        lock (_lock)
        {
            _resources.Remove((typeUrl, name));
        }

        await SendAsync([typeUrl]);
    }

    /// <summary>Takes every resource away without a word: whoever subscribes from now on is not answered.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _resources.Clear();
        }
    }

    /// <summary>
    /// Sends a recorded response as it is on every open stream that subscribes to its type, and answers with its resources
    /// from then on. Waits for the first such stream.
    /// </summary>
    public async Task PushAsync(DiscoveryResponse response)
    {
        await Until.TrueAsync(() => Sessions().Any(session => session.Subscribes(response.TypeUrl)), $"a client subscribes to {response.TypeUrl}");
        Remember(response.Resources);
        foreach (var session in Sessions().Where(session => session.Subscribes(response.TypeUrl)))
        {
            await session.PushAsync(response);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _stopped.CancelAsync();
        await _accepting;
        await Task.WhenAll(Sessions().Select(session => session.Done));
        _stopped.Dispose();
    }

    internal List<Any> Find(string typeUrl, IEnumerable<string> names)
    {
        lock (_lock)
        {
            return [.. names.Where(name => _resources.ContainsKey((typeUrl, name))).Select(name => _resources[(typeUrl, name)])];
        }
    }

    internal List<Any> FindAll(string typeUrl)
    {
        lock (_lock)
        {
            return [.. _resources.Where(resource => resource.Key.TypeUrl == typeUrl).Select(resource => resource.Value)];
        }
    }

    internal string NextVersion() => Interlocked.Increment(ref _version).ToString(CultureInfo.InvariantCulture);

    internal void RecordNack(DiscoveryRequest request)
    {
        lock (_lock)
        {
            _nacks.Add(request);
        }
    }

    private HashSet<string> Remember(IEnumerable<Any> resources)
    {
        var types = new HashSet<string>(StringComparer.Ordinal);
        lock (_lock)
        {
            foreach (var resource in resources)
            {
                _resources[(resource.TypeUrl, AdsResponses.NameOf(resource))] = resource;
                types.Add(resource.TypeUrl);
            }
        }

        return types;
    }

    private async Task SendAsync(IEnumerable<string> typeUrls)
    {
        foreach (var typeUrl in typeUrls)
        {
            foreach (var session in Sessions())
            {
                await session.SendAsync(typeUrl);
            }
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            await foreach (var stream in Server.AcceptAsync(_stopped.Token))
            {
                lock (_lock)
                {
                    _sessions.Add(new ReplayAdsSession(this, stream));
                }
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private List<ReplayAdsSession> Sessions()
    {
        lock (_lock)
        {
            return [.. _sessions];
        }
    }
}
