using Microsoft.Extensions.Logging;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>
/// Fills the gaps of Istio's gRPC dialect, which says nothing of services outside the cluster that are known by name only. A cluster
/// <c>outbound|port|subset|host</c> whose host is outside the cluster and whose endpoint set is empty is dialled at its host; a route
/// configuration <c>outbound|port||host</c> without virtual hosts, which is all there is of an ExternalName or of a TCP port, leads
/// to its host. Both in plaintext, as nothing is known of TLS. Lives on the configuration loop.
/// </summary>
internal sealed partial class ExternalServiceSource(IResourceSource inner, ExternalServiceNames names, ILogger logger) : IResourceSource
{
    private const string PassThroughPrefix = "passthrough|";

    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    public IDisposable WatchListener(string name, IResourceWatcher<ListenerConfig> watcher) => inner.WatchListener(name, watcher);

    public IDisposable WatchRoutes(string name, IResourceWatcher<RoutesConfig> watcher)
        => ExternalServiceNames.Parse(name) is { } service
            ? inner.WatchRoutes(name, new Replacing<RoutesConfig>(watcher, routes => routes.VirtualHosts.IsEmpty ? PassThroughRoutes(routes, service) : routes))
            : inner.WatchRoutes(name, watcher);

    public IDisposable WatchCluster(string name, IResourceWatcher<ClusterConfig> watcher)
    {
        if (!name.StartsWith(PassThroughPrefix, StringComparison.Ordinal) || ExternalServiceNames.Parse(name) is not { } service)
        {
            return inner.WatchCluster(name, watcher);
        }

        watcher.OnChanged(new ClusterConfig
        {
            Name = name,
            DiscoveryType = ClusterDiscoveryType.LogicalDns,
            InlineEndpoints = EndpointsOf(name, service),
            LoadBalancer = RoundRobinConfig.Instance,
        });
        return NoWatch.Instance;
    }

    public IDisposable WatchEndpoints(string name, IResourceWatcher<EndpointsConfig> watcher)
        => ExternalServiceNames.Parse(name) is { } service && names.IsOutside(service.Host)
            ? inner.WatchEndpoints(name, new Replacing<EndpointsConfig>(watcher, endpoints => endpoints.Localities.IsEmpty ? DnsEndpoints(name, service) : endpoints))
            : inner.WatchEndpoints(name, watcher);

    private EndpointsConfig DnsEndpoints(string name, ExternalService service)
    {
        var endpoints = EndpointsOf(name, service);
        if (_told.Add(name))
        {
            LogByName(logger, name, endpoints.Localities[0].Endpoints[0].Address);
        }

        return endpoints;
    }

    private RoutesConfig PassThroughRoutes(RoutesConfig routes, ExternalService service)
    {
        var cluster = PassThroughPrefix + routes.Name[(routes.Name.IndexOf('|', StringComparison.Ordinal) + 1)..];
        if (_told.Add(routes.Name))
        {
            LogPassThrough(logger, routes.Name, names.AddressOf(service));
        }

        var route = new RouteConfig
        {
            Match = new RouteMatchConfig(PathMatcher.Prefix("/"), []),
            Action = new ForwardActionConfig([new WeightedClusterConfig(cluster, 1)]) { Timeouts = new RouteTimeoutsConfig { Timeout = TimeSpan.Zero } },
        };
        return routes with { VirtualHosts = [new VirtualHostConfig("passthrough", ["*"], [route])] };
    }

    private EndpointsConfig EndpointsOf(string name, ExternalService service) => new()
    {
        ClusterName = name,
        Localities = [new LocalityConfig(new Locality("", "", ""), 0, 1, [new EndpointConfig(names.AddressOf(service), 1) { Hostname = service.Host }])],
    };

    [LoggerMessage(50, LogLevel.Warning, "Cluster '{Cluster}' is outside the cluster and has no endpoints: it is dialled at {Address}, in plaintext. The control plane tells no more in this dialect; to dial elsewhere, set MeshOptions.ExternalServices")]
    private static partial void LogByName(ILogger logger, string cluster, EndpointAddress address);

    [LoggerMessage(51, LogLevel.Warning, "Route configuration '{Routes}' has no virtual hosts, as that of an ExternalName or a TCP port: requests are passed through to {Address}, in plaintext. To dial elsewhere, set MeshOptions.ExternalServices")]
    private static partial void LogPassThrough(ILogger logger, string routes, EndpointAddress address);

    /// <summary>Hands on something else than what came.</summary>
    private sealed class Replacing<T>(IResourceWatcher<T> watcher, Func<T, T> replace) : IResourceWatcher<T>
    {
        public void OnChanged(T resource) => watcher.OnChanged(replace(resource));

        public void OnError(ResourceError error) => watcher.OnError(error);
    }

    private sealed class NoWatch : IDisposable
    {
        public static readonly NoWatch Instance = new();

        public void Dispose()
        {
            // There was nothing to watch.
        }
    }
}
