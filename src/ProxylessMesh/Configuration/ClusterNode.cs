namespace ProxylessMesh.Configuration;

/// <summary>One cluster while it is put together: follows its endpoint set. Watched as long as a route names it.</summary>
internal sealed class ClusterNode(SnapshotBuilder builder, string name) : IResourceWatcher<ClusterConfig>, IResourceWatcher<EndpointsConfig>, IDisposable
{
    private IResourceSource? _source;
    private IDisposable? _clusterWatch;
    private IDisposable? _endpointsWatch;
    private string? _endpointsName;
    private ClusterConfig? _config;
    private EndpointsConfig? _endpoints;
    private ResourceError? _clusterError;
    private ResourceError? _endpointsError;

    /// <summary>How many listeners name it.</summary>
    public int References { get; set; }

    public void Start(IResourceSource source)
    {
        _source = source;
        _clusterWatch = source.WatchCluster(name, this);
    }

    public ClusterSnapshot ToSnapshot() => new(name, _config, _endpoints, _clusterError ?? _endpointsError);

    public void Dispose()
    {
        _endpointsWatch?.Dispose();
        _clusterWatch?.Dispose();
    }

    void IResourceWatcher<ClusterConfig>.OnChanged(ClusterConfig resource)
    {
        _config = resource;
        _clusterError = null;
        Follow(resource.DiscoveryType == ClusterDiscoveryType.Eds ? resource.EdsName ?? resource.Name : null);
        if (resource.DiscoveryType != ClusterDiscoveryType.Eds)
        {
            _endpoints = resource.InlineEndpoints;
        }

        builder.ClusterChanged(name);
    }

    void IResourceWatcher<ClusterConfig>.OnError(ResourceError error)
    {
        Follow(endpointsName: null);
        _config = null;
        _endpoints = null;
        _clusterError = error;
        builder.ClusterChanged(name);
    }

    void IResourceWatcher<EndpointsConfig>.OnChanged(EndpointsConfig resource)
    {
        _endpoints = resource;
        _endpointsError = null;
        builder.ClusterChanged(name);
    }

    void IResourceWatcher<EndpointsConfig>.OnError(ResourceError error)
    {
        _endpoints = null;
        _endpointsError = error;
        builder.ClusterChanged(name);
    }

    /// <summary>Watches another endpoint set; the endpoints in use stay until it comes.</summary>
    private void Follow(string? endpointsName)
    {
        if (endpointsName == _endpointsName)
        {
            return;
        }

        _endpointsName = endpointsName;
        _endpointsError = null;
        var previous = _endpointsWatch;
        _endpointsWatch = endpointsName is null ? null : _source!.WatchEndpoints(endpointsName, this); // Start came first
        previous?.Dispose();
    }
}
