using Envoy.Config.Core.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Xds;

/// <summary>
/// The xDS client of a process, for whoever watches whatever. One stream to a control plane and not one per watcher,
/// because istio-agent ends the first when a second comes. Lives on the configuration loop.
/// </summary>
internal sealed class XdsClient : IResourceSource, IAsyncDisposable
{
    private readonly IReadOnlyList<IXdsTransport> _servers;
    private readonly ConfigurationLoop _loop;
    private readonly XdsAuthority _authority;

    /// <param name="servers">The control planes in order of preference, at least one; disposed with the client.</param>
    /// <param name="node">Who this process is.</param>
    /// <param name="loop">Where the client lives.</param>
    /// <param name="timeProvider">For backoff and resource timers.</param>
    /// <param name="random">For backoff.</param>
    /// <param name="logger">Where it logs to.</param>
    /// <param name="metrics">Where it counts.</param>
    /// <param name="watchesAllClusters">See <see cref="XdsEnvironment.WatchesAllClusters"/>.</param>
    public XdsClient(
        IReadOnlyList<IXdsTransport> servers,
        Node node,
        ConfigurationLoop loop,
        TimeProvider timeProvider,
        IRandomSource random,
        ILogger<XdsClient> logger,
        XdsClientMetrics metrics,
        bool watchesAllClusters = false)
    {
        _servers = servers;
        _loop = loop;
        _authority = new XdsAuthority(servers, new XdsEnvironment(node, loop, timeProvider, random, logger, metrics) { WatchesAllClusters = watchesAllClusters });
    }

    /// <inheritdoc cref="XdsAuthority.IsConnected"/>
    public bool IsConnected => _authority.IsConnected;

    /// <inheritdoc cref="XdsAuthority.UnreachableReason"/>
    public string? UnreachableReason => _authority.UnreachableReason;

    public IDisposable WatchListener(string name, IResourceWatcher<ListenerConfig> watcher) => _authority.Watch(_authority.Listeners, name, watcher);

    public IDisposable WatchRoutes(string name, IResourceWatcher<RoutesConfig> watcher) => _authority.Watch(_authority.Routes, name, watcher);

    public IDisposable WatchCluster(string name, IResourceWatcher<ClusterConfig> watcher) => _authority.Watch(_authority.Clusters, name, watcher);

    public IDisposable WatchEndpoints(string name, IResourceWatcher<EndpointsConfig> watcher) => _authority.Watch(_authority.Endpoints, name, watcher);

    /// <summary>How each resource stands at one moment, by type and name. Call it from outside the loop.</summary>
    public async Task<IReadOnlyList<MeshResource>> DescribeAsync(CancellationToken cancellationToken)
    {
        var resources = new List<MeshResource>();
        await _loop.InvokeAsync(() => _authority.Describe(resources)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. resources.OrderBy(static resource => resource.TypeUrl, StringComparer.Ordinal).ThenBy(static resource => resource.Name, StringComparer.Ordinal)];
    }

    /// <summary>Ends the streams. Call it from outside the loop, before the loop's own disposal.</summary>
    public async ValueTask DisposeAsync()
    {
        var stopping = Task.CompletedTask;
        await _loop.InvokeAsync(() => stopping = _authority.StopAsync()).ConfigureAwait(false);
        await stopping.ConfigureAwait(false);
        foreach (var server in _servers)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }
}
