namespace ProxylessMesh.Configuration;

/// <summary>
/// Where configuration comes from, seen from the builder: resources by name, each decoded and validated. The xDS client is
/// the implementation. All calls, and all calls to watchers, are made on the configuration loop.
/// </summary>
internal interface IResourceSource
{
    IDisposable WatchListener(string name, IResourceWatcher<ListenerConfig> watcher);

    IDisposable WatchRoutes(string name, IResourceWatcher<RoutesConfig> watcher);

    IDisposable WatchCluster(string name, IResourceWatcher<ClusterConfig> watcher);

    IDisposable WatchEndpoints(string name, IResourceWatcher<EndpointsConfig> watcher);
}

/// <summary>Hears of one resource. A watcher is told the state it missed when it is added.</summary>
internal interface IResourceWatcher<in T>
{
    /// <summary>The resource came or changed; never called twice in a row with equal content.</summary>
    void OnChanged(T resource);

    /// <summary>There is nothing to use, for this reason. What was delivered before must no longer be used.</summary>
    void OnError(ResourceError error);
}
