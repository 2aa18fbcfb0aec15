using System.Threading.Channels;
using Envoy.Config.Core.V3;
using Envoy.Service.Discovery.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Protos.Rpc;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Xds;

/// <summary>
/// The xDS client of a process: one aggregated stream, state of the world (gRFC A27), for whoever watches whatever. One
/// stream and not one per watcher, because istio-agent ends the first when a second comes. Lives on the configuration loop.
/// </summary>
internal sealed partial class XdsClient : IResourceSource, IAdsStreamOwner, IAsyncDisposable
{
    /// <summary>How long a server may leave a name unanswered before it counts as absent (gRFC A57).</summary>
    public static readonly TimeSpan ResourceTimeout = TimeSpan.FromSeconds(15);

    private const int InvalidArgument = 3;

    private readonly IXdsTransport _transport;
    private readonly Node _node;
    private readonly ConfigurationLoop _loop;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly ServerContext _server;
    private readonly TypedResourceSet<ListenerConfig> _listeners;
    private readonly TypedResourceSet<RoutesConfig> _routes;
    private readonly TypedResourceSet<ClusterConfig> _clusters;
    private readonly TypedResourceSet<EndpointsConfig> _endpoints;
    private readonly ResourceSet[] _sets;
    private readonly HashSet<ResourceSet> _dirty = [];
    private readonly List<ITimer> _resourceTimers = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly AdsStream _stream;

    private Task _running = Task.CompletedTask;
    private ChannelWriter<DiscoveryRequest>? _requests;
    private bool _isStarted;
    private bool _isNodeSent;
    private bool _isFlushPosted;
    private string? _unreachable;

    public XdsClient(IXdsTransport transport, Node node, ConfigurationLoop loop, TimeProvider timeProvider, IRandomSource random, ILogger<XdsClient> logger)
    {
        _transport = transport;
        _node = node;
        _loop = loop;
        _timeProvider = timeProvider;
        _logger = logger;
        _server = new ServerContext(transport.ServerName, node.Id, transport.FailsOnDataErrors);
        _listeners = new(new ListenerDecoder(), isFullState: true, logger);
        _routes = new(new RoutesDecoder(), isFullState: false, logger);
        _clusters = new(new ClusterDecoder(), isFullState: true, logger);
        _endpoints = new(new EndpointsDecoder(), isFullState: false, logger);
        _sets = [_listeners, _routes, _clusters, _endpoints];
        _stream = new AdsStream(transport, loop, this, timeProvider, random, logger);
    }

    /// <summary>Whether the current stream has brought a response. Written on the loop, read by anyone.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Why the control plane cannot be reached, or <see langword="null"/>. Written on the loop, read by anyone.</summary>
    public string? UnreachableReason => _unreachable;

    public IDisposable WatchListener(string name, IResourceWatcher<ListenerConfig> watcher) => Watch(_listeners, name, watcher);

    public IDisposable WatchRoutes(string name, IResourceWatcher<RoutesConfig> watcher) => Watch(_routes, name, watcher);

    public IDisposable WatchCluster(string name, IResourceWatcher<ClusterConfig> watcher) => Watch(_clusters, name, watcher);

    public IDisposable WatchEndpoints(string name, IResourceWatcher<EndpointsConfig> watcher) => Watch(_endpoints, name, watcher);

    /// <summary>Ends the stream. Call it from outside the loop, before the loop's own disposal.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await _loop.InvokeAsync(StopTimers).ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    void IAdsStreamOwner.OnOpened(ChannelWriter<DiscoveryRequest> requests)
    {
        _requests = requests;
        _isNodeSent = false;
        foreach (var set in _sets)
        {
            set.OnStreamOpened();
            if (set.HasSubscription)
            {
                Send(set, errorDetail: null);
            }
        }

        _dirty.Clear();
    }

    void IAdsStreamOwner.OnSent(DiscoveryRequest request)
    {
        if (_requests is null || SetOf(request.TypeUrl) is not { } set)
        {
            return;
        }

        var names = set.TakeUnansweredNames();
        if (names.Count > 0)
        {
            StartResourceTimer(set, names);
        }
    }

    void IAdsStreamOwner.OnResponse(DiscoveryResponse response)
    {
        IsConnected = true;
        _unreachable = null;
        if (SetOf(response.TypeUrl) is not { HasSubscription: true } set)
        {
            LogUnknownType(_server.ServerName, response.TypeUrl);
            return;
        }

        var errors = set.Apply(response, _server);
        if (errors.Count == 0)
        {
            Send(set, errorDetail: null);
            return;
        }

        var message = string.Join("\n", errors);
        LogNack(_server.ServerName, response.TypeUrl, response.VersionInfo, message);
        Send(set, new Status { Code = InvalidArgument, Message = message });
    }

    void IAdsStreamOwner.OnClosed(bool isFailure, string reason)
    {
        _requests = null;
        IsConnected = false;
        StopTimers();
        foreach (var set in _sets)
        {
            set.OnStreamClosed();
            if (isFailure)
            {
                set.OnServerUnreachable(_server, reason);
            }
        }

        if (isFailure)
        {
            _unreachable = reason;
        }
    }

    private Subscription<T> Watch<T>(TypedResourceSet<T> set, string name, IResourceWatcher<T> watcher)
        where T : class
    {
        var unreachable = _unreachable is null ? null : TypedResourceSet<T>.Unreachable(_server, _unreachable);
        if (set.Add(name, watcher, unreachable))
        {
            MarkDirty(set);
        }

        Start();
        return new Subscription<T>(this, set, name, watcher);
    }

    private void Unwatch<T>(TypedResourceSet<T> set, string name, IResourceWatcher<T> watcher)
        where T : class
    {
        if (set.Remove(name, watcher))
        {
            MarkDirty(set);
        }
    }

    private void Start()
    {
        if (!_isStarted)
        {
            _isStarted = true;
            var stopping = _stopping.Token;
            _running = Task.Run(() => _stream.RunAsync(stopping), CancellationToken.None);
        }
    }

    /// <summary>All changes of one step of the loop go to the server in one request for each type.</summary>
    private void MarkDirty(ResourceSet set)
    {
        _dirty.Add(set);
        if (!_isFlushPosted)
        {
            _isFlushPosted = true;
            _loop.Post(Flush);
        }
    }

    private void Flush()
    {
        _isFlushPosted = false;
        foreach (var set in _sets)
        {
            if (_dirty.Remove(set) && _requests is not null)
            {
                Send(set, errorDetail: null);
            }
        }
    }

    private void Send(ResourceSet set, Status? errorDetail)
    {
        _dirty.Remove(set);
        var request = new DiscoveryRequest
        {
            TypeUrl = set.TypeUrl,
            VersionInfo = set.AcceptedVersion,
            ResponseNonce = set.Nonce,
            ErrorDetail = errorDetail,
        };
        request.ResourceNames.AddRange(set.Names);
        if (!_isNodeSent)
        {
            // "the node is sent in the first request of a stream only" - xDS transport protocol
            request.Node = _node;
            _isNodeSent = true;
        }

        _requests?.TryWrite(request);
    }

    private void StartResourceTimer(ResourceSet set, IReadOnlyList<string> names)
    {
        ITimer? timer = null;
        timer = _timeProvider.CreateTimer(
            _ => _loop.Post(() =>
            {
                // A timer that fired while its stream ended no longer counts.
                if (timer is not null && _resourceTimers.Remove(timer))
                {
                    timer.Dispose();
                    set.OnTimeout(names, _server);
                }
            }),
            null,
            ResourceTimeout,
            Timeout.InfiniteTimeSpan);
        _resourceTimers.Add(timer);
    }

    private void StopTimers()
    {
        foreach (var timer in _resourceTimers)
        {
            timer.Dispose();
        }

        _resourceTimers.Clear();
    }

    private ResourceSet? SetOf(string typeUrl) => Array.Find(_sets, set => set.TypeUrl == typeUrl);

    [LoggerMessage(30, LogLevel.Warning, "{Server} sent a response of type '{TypeUrl}', which was not asked for; ignored")]
    private partial void LogUnknownType(string server, string typeUrl);

    [LoggerMessage(31, LogLevel.Warning, "Rejected (NACK) what {Server} sent as {TypeUrl} version '{Version}': {Errors}")]
    private partial void LogNack(string server, string typeUrl, string version, string errors);

    /// <summary>One watcher's hold on one name.</summary>
    private sealed class Subscription<T>(XdsClient client, TypedResourceSet<T> set, string name, IResourceWatcher<T> watcher) : IDisposable
        where T : class
    {
        private bool _isDisposed;

        public void Dispose()
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                client.Unwatch(set, name, watcher);
            }
        }
    }
}
