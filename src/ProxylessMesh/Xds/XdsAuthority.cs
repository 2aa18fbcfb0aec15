using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Xds;

/// <summary>
/// What is watched and cached of one authority, and the control planes to ask, in order of preference (gRFC A71). The next
/// one is turned to when those before cannot be reached and something is awaited, and is left as soon as a better one
/// answers. What is cached survives both. Authorities with the same control planes are one here: names carry the authority, so that
/// theirs do not meet, and share its streams (gRFC A47). Lives on the configuration loop.
/// </summary>
/// <remarks>Invariant: sessions run with the first servers of the list, and all but the last of them have failed.</remarks>
internal sealed partial class XdsAuthority : IXdsServerSessionOwner
{
    private readonly IReadOnlyList<IXdsTransport> _servers;
    private readonly bool _fallsBackOnReachabilityOnly;
    private readonly XdsEnvironment _environment;
    private readonly ILogger _logger;
    private readonly ResourceSet[] _sets;
    private readonly List<XdsServerSession> _sessions = [];
    private readonly List<Task> _closing = [];
    private readonly ResourceLifetimes _lifetimes;

    private bool _isFlushPosted;
    private bool _isStopped;
    private volatile bool _isStarted;
    private volatile bool _isConnected;
    private volatile string? _unreachable;

    /// <param name="servers">Whom to ask.</param>
    /// <param name="environment">Shared with the other authorities.</param>
    public XdsAuthority(XdsServerList servers, XdsEnvironment environment)
    {
        Servers = servers;
        _servers = servers.Servers;
        _fallsBackOnReachabilityOnly = servers.FallsBackOnReachabilityOnly;
        _environment = environment;
        _logger = environment.Logger;
        _lifetimes = new ResourceLifetimes(environment.Loop, environment.TimeProvider, CountResources);
        var dialect = environment.Dialect;
        Listeners = new(new ListenerDecoder(dialect, environment.CustomFilters), isFullState: true, environment.TimeProvider, _logger, environment.Metrics);
        Routes = new(new RoutesDecoder(dialect, environment.CustomFilters), isFullState: false, environment.TimeProvider, _logger, environment.Metrics);
        Clusters = new(new ClusterDecoder(dialect), isFullState: true, environment.TimeProvider, _logger, environment.Metrics, isWildcard: dialect == XdsDialect.Envoy);
        Endpoints = new(new EndpointsDecoder(), isFullState: false, environment.TimeProvider, _logger, environment.Metrics);
        _sets = [Listeners, Routes, Clusters, Endpoints];
    }

    public XdsServerList Servers { get; }

    public TypedResourceSet<ListenerConfig> Listeners { get; }

    public TypedResourceSet<RoutesConfig> Routes { get; }

    public TypedResourceSet<ClusterConfig> Clusters { get; }

    public TypedResourceSet<EndpointsConfig> Endpoints { get; }

    /// <summary>Whether anything was ever asked for. Written on the loop, read by anyone.</summary>
    public bool IsStarted => _isStarted;

    /// <summary>Whether a current stream has brought a response. Written on the loop, read by anyone.</summary>
    public bool IsConnected => _isConnected;

    /// <summary>Why the control plane in use, the last one turned to, cannot be reached, or <see langword="null"/>. Written on the loop, read by anyone.</summary>
    public string? UnreachableReason => _unreachable;

    public IDisposable Watch<T>(TypedResourceSet<T> set, string name, IResourceWatcher<T> watcher)
        where T : class
    {
        if (set.Add(name, watcher))
        {
            MarkDirty(set);
            FallBackIfNeeded();
            if (DescribeOutage() is { } outage)
            {
                set.OnUnreachable(name, outage);
            }
        }

        return new Subscription<T>(this, set, name, watcher);
    }

    public void Describe(List<MeshResource> resources)
    {
        foreach (var set in _sets)
        {
            set.Describe(resources);
        }
    }

    /// <summary>Ends all sessions.</summary>
    /// <returns>Completes when their streams are closed.</returns>
    public Task StopAsync()
    {
        _isStopped = true;
        CloseAfter(last: -1);
        _lifetimes.Stop();
        _environment.Metrics.Clear(this);
        return Task.WhenAll(_closing);
    }

    void IXdsServerSessionOwner.OnResponding(XdsServerSession session)
    {
        var index = _sessions.IndexOf(session);
        if (index < _sessions.Count - 1)
        {
            LogPromoted(session.Server.ServerName);
            CloseAfter(index);
        }

        Publish();
    }

    void IXdsServerSessionOwner.OnApplied(XdsServerSession session, ResourceSet set)
    {
        foreach (var other in _sessions)
        {
            if (other != session)
            {
                other.ForgetVersion(set);
            }
        }

        _lifetimes.Renew(set, session.Server);
        CountResources(set);
    }

    void IXdsServerSessionOwner.OnTimedOut(ResourceSet set) => CountResources(set);

    void IXdsServerSessionOwner.OnClosed(XdsServerSession session)
    {
        Publish();
        if (session.Failure is null)
        {
            return;
        }

        FallBackIfNeeded();
        if (DescribeOutage() is { } outage)
        {
            foreach (var set in _sets)
            {
                set.OnUnreachable(outage);
            }
        }
    }

    private void Unwatch<T>(TypedResourceSet<T> set, string name, IResourceWatcher<T> watcher)
        where T : class
    {
        if (set.Remove(name, watcher))
        {
            MarkDirty(set);
        }
    }

    private void MarkDirty(ResourceSet set)
    {
        foreach (var session in _sessions)
        {
            session.MarkDirty(set);
        }

        if (!_isFlushPosted)
        {
            _isFlushPosted = true;
            _environment.Loop.Post(() =>
            {
                _isFlushPosted = false;
                foreach (var session in _sessions)
                {
                    session.Flush();
                }

                foreach (var changed in _sets)
                {
                    CountResources(changed);
                }
            });
        }
    }

    private void FallBackIfNeeded()
    {
        if (_isStopped || _sessions.Count == _servers.Count)
        {
            return;
        }

        if (_sessions.Count > 0)
        {
            var last = _sessions[^1];
            if (last.Failure is null || !(_fallsBackOnReachabilityOnly || Array.Exists(_sets, static set => set.HasAwaited)))
            {
                return;
            }

            LogFallback(last.Server.ServerName, last.Failure, _servers[_sessions.Count].ServerName);
        }

        var session = new XdsServerSession(_servers[_sessions.Count], _sets, this, _environment);
        _sessions.Add(session);
        session.Start();
        Publish();
    }

    /// <summary>There is an outage for the watchers only when no server is left to turn to.</summary>
    private ResourceError? DescribeOutage()
    {
        if (_sessions.Count < _servers.Count || _sessions[^1].Failure is null)
        {
            return null;
        }

        if (_sessions is [var only])
        {
            return new ResourceError(ResourceErrorKind.ControlPlaneUnreachable, only.Server.Describe($"the control plane cannot be reached: {only.Failure}"));
        }

        var reasons = string.Join("; ", _sessions.Select(session => $"{session.Server.ServerName}: {session.Failure}"));
        return new ResourceError(ResourceErrorKind.ControlPlaneUnreachable, $"no control plane can be reached: {reasons} (node ID '{_environment.Node.Id}')");
    }

    private void CloseAfter(int last)
    {
        _closing.RemoveAll(static task => task.IsCompleted);
        for (var i = _sessions.Count - 1; i > last; i--)
        {
            _closing.Add(_sessions[i].DisposeAsync().AsTask());
            _sessions.RemoveAt(i);
        }
    }

    private void Publish()
    {
        _isStarted = true;
        _isConnected = _sessions.Exists(static session => session.IsConnected);
        _unreachable = _sessions.Count > 0 ? _sessions[^1].Failure : null;
        _environment.Metrics.SetServers(this, _sessions.Select(static session => (session.Server.ServerName, session.Failure is null)));
    }

    private void CountResources(ResourceSet set)
    {
        if (!_isStopped)
        {
            _environment.Metrics.SetResources(this, set.ShortName, set.CacheStates);
        }
    }

    [LoggerMessage(40, LogLevel.Warning, "{Server} cannot be reached ({Reason}); asking {Fallback} too")]
    private partial void LogFallback(string server, string reason, string fallback);

    [LoggerMessage(41, LogLevel.Information, "{Server} answers again; the control planes behind it are left")]
    private partial void LogPromoted(string server);

    /// <summary>One watcher's hold on one name.</summary>
    private sealed class Subscription<T>(XdsAuthority authority, TypedResourceSet<T> set, string name, IResourceWatcher<T> watcher) : IDisposable
        where T : class
    {
        private bool _isDisposed;

        public void Dispose()
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                authority.Unwatch(set, name, watcher);
            }
        }
    }
}
