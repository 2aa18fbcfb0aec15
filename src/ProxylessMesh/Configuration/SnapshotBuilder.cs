namespace ProxylessMesh.Configuration;

/// <summary>
/// Joins listeners, route configurations, clusters and endpoint sets into snapshots (gRFC A74's dependency manager): it
/// follows each reference, watches what is referred to, and publishes once for each step of the configuration loop,
/// however many resources the step brought. Lives on the configuration loop.
/// </summary>
/// <param name="source">Where resources come from.</param>
/// <param name="store">Where snapshots go.</param>
/// <param name="loop">Where it lives.</param>
/// <param name="listenersAreRoutes">Whether a listener's name is that of a route configuration, because there are no listeners to ask for.</param>
internal sealed class SnapshotBuilder(IResourceSource source, SnapshotStore store, ConfigurationLoop loop, bool listenersAreRoutes = false)
{
    private readonly Dictionary<string, ListenerNode> _listeners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ClusterNode> _clusters = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changedListeners = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changedClusters = new(StringComparer.Ordinal);
    private bool _isPublishPosted;

    /// <summary>Follows a listener from now on. Harmless when it is followed already.</summary>
    public void Demand(string listenerName)
    {
        if (!_listeners.ContainsKey(listenerName))
        {
            var node = new ListenerNode(this, listenerName, listenersAreRoutes);
            _listeners.Add(listenerName, node);
            node.Start(source);
            Changed(_changedListeners, listenerName);
        }
    }

    /// <summary>Takes a hold on a cluster; the first one starts to watch it.</summary>
    internal void AddClusterReference(string name)
    {
        if (!_clusters.TryGetValue(name, out var node))
        {
            node = new ClusterNode(this, name);
            _clusters.Add(name, node);
            node.Start(source);
            Changed(_changedClusters, name);
        }

        node.References++;
    }

    /// <summary>Gives a hold back; the last one ends the watch.</summary>
    internal void ReleaseClusterReference(string name)
    {
        var node = _clusters[name];
        if (--node.References == 0)
        {
            _clusters.Remove(name);
            node.Dispose();
            Changed(_changedClusters, name);
        }
    }

    internal void ListenerChanged(string name) => Changed(_changedListeners, name);

    internal void ClusterChanged(string name) => Changed(_changedClusters, name);

    private void Changed(HashSet<string> changed, string name)
    {
        changed.Add(name);
        if (!_isPublishPosted)
        {
            _isPublishPosted = true;
            loop.Post(Publish);
        }
    }

    private void Publish()
    {
        _isPublishPosted = false;
        var changes = new SnapshotChanges([.. _changedListeners], [.. _changedClusters]);
        _changedListeners.Clear();
        _changedClusters.Clear();

        var current = store.Current;
        var listeners = current.Listeners.ToBuilder();
        foreach (var name in changes.Listeners)
        {
            listeners[name] = _listeners[name].ToSnapshot();
        }

        var clusters = current.Clusters.ToBuilder();
        foreach (var name in changes.Clusters)
        {
            if (_clusters.TryGetValue(name, out var node))
            {
                clusters[name] = node.ToSnapshot();
            }
            else
            {
                clusters.Remove(name);
            }
        }

        store.Publish(new MeshSnapshot { Listeners = listeners.ToImmutable(), Clusters = clusters.ToImmutable() }, changes);
    }
}
