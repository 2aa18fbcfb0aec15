namespace ProxylessMesh.Configuration;

/// <summary>
/// One listener while it is put together: follows its routes, and holds the clusters that they name. Where listeners do not exist
/// as resources (Istio's sidecar dialect) its name is that of its routes.
/// </summary>
internal sealed class ListenerNode(SnapshotBuilder builder, string name, bool isRoutes) : IResourceWatcher<ListenerConfig>, IResourceWatcher<RoutesConfig>
{
    private IResourceSource? _source;
    private IDisposable? _routesWatch;
    private string? _routesName;
    private HashSet<string> _clusters = [];
    private ListenerConfig? _listener;
    private RoutesConfig? _routes;
    private ResourceError? _listenerError;
    private ResourceError? _routesError;

    public void Start(IResourceSource source)
    {
        _source = source;
        if (isRoutes)
        {
            Follow(name);
        }
        else
        {
            source.WatchListener(name, this);
        }
    }

    public ListenerSnapshot ToSnapshot() => new(name, _listener, _routes, _listenerError ?? _routesError);

    void IResourceWatcher<ListenerConfig>.OnChanged(ListenerConfig resource)
    {
        _listener = resource;
        _listenerError = null;
        if (resource.InlineRoutes is not null)
        {
            Follow(routesName: null);
            Use(resource.InlineRoutes);
        }
        else
        {
            Follow(resource.RoutesName);
        }

        builder.ListenerChanged(name);
    }

    void IResourceWatcher<ListenerConfig>.OnError(ResourceError error)
    {
        _listener = null;
        _listenerError = error;
        Follow(routesName: null);
        DropRoutes();
    }

    void IResourceWatcher<RoutesConfig>.OnChanged(RoutesConfig resource)
    {
        _routesError = null;
        Use(resource);
        builder.ListenerChanged(name);
    }

    void IResourceWatcher<RoutesConfig>.OnError(ResourceError error)
    {
        _routesError = error;
        DropRoutes();
    }

    /// <summary>
    /// Watches another route configuration. Until it comes the routes in use stay: a listener that is pointed elsewhere
    /// goes on as it was (make before break).
    /// </summary>
    private void Follow(string? routesName)
    {
        if (routesName == _routesName)
        {
            return;
        }

        _routesName = routesName;
        _routesError = null;
        var previous = _routesWatch;
        _routesWatch = routesName is null ? null : _source!.WatchRoutes(routesName, this); // Start came first
        previous?.Dispose();
    }

    private void Use(RoutesConfig routes)
    {
        _routes = routes;
        var named = NamedClusters(routes);

        // The new ones first, so that one named before and after is not dropped in between.
        foreach (var cluster in named)
        {
            builder.AddClusterReference(cluster);
        }

        foreach (var cluster in _clusters)
        {
            builder.ReleaseClusterReference(cluster);
        }

        _clusters = named;
    }

    private void DropRoutes()
    {
        _routes = null;
        foreach (var cluster in _clusters)
        {
            builder.ReleaseClusterReference(cluster);
        }

        _clusters = [];
        builder.ListenerChanged(name);
    }

    private static HashSet<string> NamedClusters(RoutesConfig routes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var virtualHost in routes.VirtualHosts)
        {
            foreach (var route in virtualHost.Routes)
            {
                if (route.Action is ForwardActionConfig forward)
                {
                    // A cluster of weight 0 is never drawn: it need not even exist. One that a header names is not known here.
                    foreach (var cluster in forward.Clusters)
                    {
                        if (cluster is { Weight: > 0, ClusterHeader: null })
                        {
                            names.Add(cluster.ClusterName);
                        }
                    }

                    foreach (var mirror in forward.Mirrors)
                    {
                        if (mirror.ClusterHeader is null)
                        {
                            names.Add(mirror.ClusterName);
                        }
                    }
                }
            }
        }

        return names;
    }
}
