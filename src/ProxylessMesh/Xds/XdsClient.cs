using System.Diagnostics.CodeAnalysis;
using Envoy.Config.Core.V3;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.Xds;

/// <summary>
/// The xDS client of a process, for whoever watches whatever. A name decides who is asked for it (gRFC A47): an <c>xdstp</c> name the
/// servers of its authority, any other the bootstrap's own. One stream to a control plane and not one per watcher, because
/// istio-agent ends the first when a second comes. Lives on the configuration loop.
/// </summary>
internal sealed class XdsClient : IResourceSource, IAsyncDisposable
{
    private readonly ConfigurationLoop _loop;
    private readonly TimeProvider _timeProvider;
    private readonly string _nodeId;
    private readonly XdsAuthority _default;
    private readonly Dictionary<string, XdsAuthority> _authorities = new(StringComparer.Ordinal);

    /// <summary>The default one and the others, each once.</summary>
    private readonly List<XdsAuthority> _all;
    private readonly List<RefusedWatch> _refused = [];

    /// <param name="servers">Who is asked for names without an authority; disposed with the client.</param>
    /// <param name="authorities">Who is asked for the names of each authority; disposed with the client. Those with the same list share its streams.</param>
    /// <param name="node">Who this process is.</param>
    /// <param name="loop">Where the client lives.</param>
    /// <param name="timeProvider">For backoff and resource timers.</param>
    /// <param name="random">For backoff.</param>
    /// <param name="logger">Where it logs to.</param>
    /// <param name="metrics">Where it counts.</param>
    /// <param name="dialect">For whom the control plane writes; the authorities write for gRPC.</param>
    /// <param name="customFilters">The application's own filters; <see langword="null"/> for none.</param>
    public XdsClient(
        XdsServerList servers,
        IReadOnlyDictionary<string, XdsServerList> authorities,
        Node node,
        ConfigurationLoop loop,
        TimeProvider timeProvider,
        IRandomSource random,
        ILogger<XdsClient> logger,
        XdsClientMetrics metrics,
        XdsDialect dialect = XdsDialect.Grpc,
        CustomFilterTypes? customFilters = null)
    {
        _loop = loop;
        _timeProvider = timeProvider;
        _nodeId = node.Id;
        var environment = new XdsEnvironment(node, loop, timeProvider, random, logger, metrics) { CustomFilters = customFilters ?? CustomFilterTypes.None };
        _default = new XdsAuthority(servers, environment with { Dialect = dialect });
        _all = [_default];
        foreach (var (name, list) in authorities)
        {
            var authority = _all.Find(known => known.Servers == list);
            if (authority is null)
            {
                authority = new XdsAuthority(list, environment);
                _all.Add(authority);
            }

            _authorities.Add(name, authority);
        }
    }

    /// <summary>Whether each control plane in use has answered on its current stream, and there is one.</summary>
    public bool IsConnected => _all.Exists(static authority => authority.IsConnected) && _all.TrueForAll(static authority => authority.IsConnected || !authority.IsStarted);

    /// <summary>Why a control plane in use cannot be reached, or <see langword="null"/>.</summary>
    public string? UnreachableReason => _all.Find(static authority => authority.UnreachableReason is not null)?.UnreachableReason;

    public IDisposable WatchListener(string name, IResourceWatcher<ListenerConfig> watcher) => Watch(static authority => authority.Listeners, ResourceTypes.Listener, name, watcher);

    public IDisposable WatchRoutes(string name, IResourceWatcher<RoutesConfig> watcher) => Watch(static authority => authority.Routes, ResourceTypes.RouteConfiguration, name, watcher);

    public IDisposable WatchCluster(string name, IResourceWatcher<ClusterConfig> watcher) => Watch(static authority => authority.Clusters, ResourceTypes.Cluster, name, watcher);

    public IDisposable WatchEndpoints(string name, IResourceWatcher<EndpointsConfig> watcher) => Watch(static authority => authority.Endpoints, ResourceTypes.ClusterLoadAssignment, name, watcher);

    /// <summary>How each resource stands at one moment, by type and name. Call it from outside the loop.</summary>
    public async Task<IReadOnlyList<MeshResource>> DescribeAsync(CancellationToken cancellationToken)
    {
        var resources = new List<MeshResource>();
        await _loop.InvokeAsync(() =>
        {
            _all.ForEach(authority => authority.Describe(resources));
            resources.AddRange(_refused.Select(static watch => watch.Describe()));
        }).WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. resources.OrderBy(static resource => resource.TypeUrl, StringComparer.Ordinal).ThenBy(static resource => resource.Name, StringComparer.Ordinal)];
    }

    /// <summary>Ends the streams. Call it from outside the loop, before the loop's own disposal.</summary>
    public async ValueTask DisposeAsync()
    {
        var stopping = Task.CompletedTask;
        await _loop.InvokeAsync(() => stopping = Task.WhenAll(_all.Select(static authority => authority.StopAsync()).ToArray())).ConfigureAwait(false);
        await stopping.ConfigureAwait(false);
        foreach (var server in _all.SelectMany(static authority => authority.Servers.Servers).Distinct())
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    private IDisposable Watch<T>(Func<XdsAuthority, TypedResourceSet<T>> setOf, string typeUrl, string name, IResourceWatcher<T> watcher)
        where T : class
    {
        if (TryFind(typeUrl, name, out var authority, out var canonical, out var problem))
        {
            return authority.Watch(setOf(authority), canonical, watcher);
        }

        // Nobody to ask: this watcher hears of it at once, the others go on.
        var message = $"there can be no {ResourceTypes.NameOf(typeUrl)} '{name}': {problem}";
        var watch = new RefusedWatch(_refused, typeUrl, name, new MeshResourceError { Message = message, Version = "", Time = _timeProvider.GetUtcNow() });
        _refused.Add(watch);
        watcher.OnError(new ResourceError(ResourceErrorKind.InvalidName, $"{message} (node ID '{_nodeId}')"));
        return watch;
    }

    private bool TryFind(string typeUrl, string name, [NotNullWhen(true)] out XdsAuthority? authority, out string canonical, [NotNullWhen(false)] out string? problem)
    {
        authority = null;
        canonical = name;
        problem = null;
        if (!XdstpName.IsXdstp(name))
        {
            authority = _default;
            return true;
        }

        if (!XdstpName.TryParse(name, out var parsed, out var flaw))
        {
            problem = $"the name {flaw}";
            return false;
        }

        if (parsed.Type != ResourceTypes.ShortNameOf(typeUrl))
        {
            problem = $"the name is one of type '{parsed.Type}'";
            return false;
        }

        if (!_authorities.TryGetValue(parsed.Authority, out authority))
        {
            problem = $"the bootstrap has no authority '{parsed.Authority}'; add it to \"authorities\" (gRFC A47)";
            return false;
        }

        canonical = parsed.Text;
        return true;
    }
}
