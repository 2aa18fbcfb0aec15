using System.Collections.Concurrent;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;

namespace ProxylessMesh.Http;

/// <summary>
/// The authorities that requests have named, each with its listener. A request finds its own with one look-up; the first
/// request to an authority puts its listener on the configuration road.
/// </summary>
/// <param name="hosts">What belongs to the mesh.</param>
/// <param name="findTemplate">How an xDS authority names listeners; <see langword="null"/> for one that is not known.</param>
/// <param name="clusters">The clusters that routes name.</param>
/// <param name="filters">Makes the listeners' filters.</param>
/// <param name="loop">Where demand is posted.</param>
/// <param name="demand">Puts a listener on the configuration's road.</param>
internal sealed class ListenerTable(MeshHosts hosts, Func<string, string?> findTemplate, ClusterRegistry clusters, IFilterSource filters, ConfigurationLoop loop, Action<string> demand) : ISnapshotConsumer
{
    /// <summary>Where every host belongs to the mesh, a crawler may name hosts without end: those beyond this many are not remembered.</summary>
    private const int MaxAuthorities = 10_000;

    private readonly ConcurrentDictionary<AuthorityKey, MeshAuthority> _authorities = new();
    private readonly ConcurrentDictionary<string, MeshAuthority> _targets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ListenerState> _listeners = new(StringComparer.Ordinal);
    private int _authorityCount;

    /// <summary>The authority of a request's URI, or <see langword="null"/> when the host is outside the mesh.</summary>
    public MeshAuthority? Find(Uri uri)
    {
        var key = new AuthorityKey(uri.Host, uri.Port);
        if (_authorities.TryGetValue(key, out var authority))
        {
            return authority;
        }

        return hosts.Contains(uri) ? Add(key) : null;
    }

    /// <summary>Whether a URI's host belongs to the mesh.</summary>
    public bool Contains(Uri uri) => hosts.Contains(uri);

    /// <summary>The listener of a URI if it has been asked for; does not ask for it.</summary>
    /// <param name="uri">A URI in the mesh.</param>
    /// <param name="host">What its requests say in Host.</param>
    public ListenerState? FindKnown(Uri uri, out string host)
    {
        host = HostOf(new AuthorityKey(uri.Host, uri.Port));
        return _listeners.GetValueOrDefault(hosts.ListenerName(host));
    }

    /// <summary>The authority named by an <c>xds:</c> target, which keeps its port as it was written.</summary>
    public MeshAuthority Find(XdsTarget target)
        => _targets.TryGetValue(target.Text, out var authority)
            ? authority
            : _targets.GetOrAdd(target.Text, new MeshAuthority(target.Authority, Listener(ListenerName(target)), target.Text));

    public void OnSnapshot(MeshSnapshot snapshot, SnapshotChanges changes)
    {
        // 1. Clusters first, so that a new route table finds its clusters as complete as they are.
        foreach (var name in changes.Clusters)
        {
            clusters.Apply(name, snapshot);
        }

        // 2. The listeners that changed.
        foreach (var name in changes.Listeners)
        {
            if (snapshot.Listeners.TryGetValue(name, out var listener) && _listeners.TryGetValue(name, out var state))
            {
                state.Apply(listener, snapshot);
            }
        }

        // 3. Stand-ins that are needed no more.
        if (changes.Clusters.Count > 0)
        {
            foreach (var (_, listener) in _listeners)
            {
                if (listener.HasStandIn)
                {
                    listener.OnClustersChanged();
                }
            }
        }
    }

    /// <summary>The mesh ends: wakes the requests that wait for configuration.</summary>
    public void Close()
    {
        foreach (var (_, listener) in _listeners)
        {
            listener.Close();
        }
    }

    // An authority that the bootstrap does not have is asked for by its default name: the client then says what is wrong with it.
    private string ListenerName(XdsTarget target)
        => target.XdsAuthority is { } xdsAuthority
            ? ListenerNameTemplate.Expand(findTemplate(xdsAuthority) ?? ListenerNameTemplate.DefaultOf(xdsAuthority), target.Authority)
            : hosts.ListenerName(target.Authority);

    private static string HostOf(AuthorityKey key) => key.Port == MeshHosts.DefaultPort ? key.Host : $"{key.Host}:{key.Port}";

    private MeshAuthority Add(AuthorityKey key)
    {
        var host = HostOf(key);
        var authority = new MeshAuthority(host, Listener(hosts.ListenerName(host)));
        if (Volatile.Read(ref _authorityCount) >= MaxAuthorities)
        {
            return authority;
        }

        Interlocked.Increment(ref _authorityCount);
        return _authorities.GetOrAdd(key, authority);
    }

    private ListenerState Listener(string name)
    {
        if (_listeners.TryGetValue(name, out var listener))
        {
            return listener;
        }

        listener = _listeners.GetOrAdd(name, new ListenerState(name, clusters, filters));
        loop.Post(() => demand(name));
        return listener;
    }
}
