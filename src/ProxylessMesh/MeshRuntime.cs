using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Bootstrap;
using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Http;
using ProxylessMesh.Routing;
using ProxylessMesh.Services;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Transport;
using ProxylessMesh.Xds;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh;

/// <summary>The mesh of a process, put together: the configuration road at one end, the request road at the other.</summary>
internal sealed class MeshRuntime : IMeshPipelineSource, IAsyncDisposable, IDisposable
{
    private readonly MeshOptions _options;
    private readonly IControlPlane _controlPlane;
    private readonly TimeProvider _timeProvider;
    private readonly IRandomSource _random;
    private readonly IHostResolver _resolver;
    private readonly IEndpointTransport _transport;
    private readonly ILoggerFactory _loggerFactory;
    private readonly MeshMeter _meter;
    private readonly CustomFilterTypes _customFilters;
    private readonly SemaphoreSlim _starting = new(1, 1);

    /// <summary>Set once when started.</summary>
    private volatile Parts? _parts;
    private bool _isDisposed;

    /// <param name="options">The options, validated.</param>
    /// <param name="controlPlane">Where configuration comes from.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="random">For balancing and backoff.</param>
    /// <param name="resolver">For DNS clusters.</param>
    /// <param name="transport">The way to endpoints.</param>
    /// <param name="loggerFactory">Where the mesh logs to.</param>
    /// <param name="meterFactory">The container's, or <see langword="null"/> for a meter of the mesh's own.</param>
    /// <param name="httpFilters">Those of the container, besides those of the options.</param>
    public MeshRuntime(
        MeshOptions options,
        IControlPlane controlPlane,
        TimeProvider timeProvider,
        IRandomSource random,
        IHostResolver resolver,
        IEndpointTransport transport,
        ILoggerFactory loggerFactory,
        IMeterFactory? meterFactory = null,
        IEnumerable<IHttpFilterFactory>? httpFilters = null)
    {
        _customFilters = CustomFilterTypes.Of([.. options.HttpFilters, .. httpFilters ?? []]);
        _meter = new MeshMeter(meterFactory);
        _options = options;
        _controlPlane = controlPlane;
        _timeProvider = timeProvider;
        _random = random;
        _resolver = resolver;
        _transport = transport;
        _loggerFactory = loggerFactory;
    }

    /// <summary>The request road, or <see langword="null"/> before the mesh has started.</summary>
    public MeshPipeline? Pipeline => _parts?.Pipeline;

    /// <summary>The configuration client, or <see langword="null"/> before the mesh has started.</summary>
    public XdsClient? Client => _parts?.Client;

    /// <summary>The instruments.</summary>
    public MeshMeter Meter => _meter;

    /// <summary>The configuration in effect.</summary>
    public MeshSnapshot Snapshot => _parts?.Store.Current ?? MeshSnapshot.Empty;

    /// <summary>Starts the mesh; once it is, returns at once.</summary>
    /// <exception cref="MeshBootstrapException">The bootstrap is missing or wrong.</exception>
    /// <exception cref="TimeoutException">The configuration waited for has not come.</exception>
    /// <exception cref="ObjectDisposedException">The mesh was disposed.</exception>
    public async Task<MeshPipeline> StartAsync(CancellationToken cancellationToken)
    {
        if (_parts is { } started)
        {
            return started.Pipeline;
        }

        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_parts is null)
            {
                var connection = await _controlPlane.ConnectAsync(_timeProvider, _loggerFactory, cancellationToken).ConfigureAwait(false);
                _parts = Assemble(connection);
            }

            return _parts.Pipeline;
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>Asks for the configuration of the preload authorities, and waits for it if the options say so.</summary>
    /// <exception cref="TimeoutException">It has not come in time.</exception>
    public async Task PreloadAsync(CancellationToken cancellationToken)
    {
        var pipeline = await StartAsync(cancellationToken).ConfigureAwait(false);
        var authorities = new List<MeshAuthority>();
        foreach (var authority in _options.Preload)
        {
            // Validated with the options.
            if (XdsTarget.TryParseAuthority(authority, out var target))
            {
                authorities.Add(pipeline.Listeners.Find(target));
            }
        }

        if (_options.WaitForConfiguration is not { } limit)
        {
            return;
        }

        using var timeout = new CancellationTokenSource(limit, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        foreach (var authority in authorities)
        {
            try
            {
                await Readiness.WaitAsync(authority, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"The mesh has no configuration for '{authority.Host}' after {limit.TotalSeconds:0.###} s ({nameof(MeshOptions)}.{nameof(MeshOptions.WaitForConfiguration)}): {Readiness.Describe(authority)}",
                    exception);
            }
        }
    }

    /// <summary>How each resource of the control plane stands.</summary>
    public async Task<MeshConfigurationDump> DescribeAsync(CancellationToken cancellationToken) => new()
    {
        Resources = _parts is { } parts ? await parts.Client.DescribeAsync(cancellationToken).ConfigureAwait(false) : [],
    };

    public async ValueTask DisposeAsync()
    {
        await _starting.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }
        finally
        {
            _starting.Release();
        }

        if (_parts is { } parts)
        {
            // Nothing new comes in from either end; then what is in use is let go.
            parts.Pipeline.Close();
            await parts.Client.DisposeAsync().ConfigureAwait(false);
            await parts.Loop.InvokeAsync(parts.Clusters.RetireAll).ConfigureAwait(false);
            await parts.Loop.InvokeAsync(parts.Filters.RetireAll).ConfigureAwait(false);
            await parts.Loop.DisposeAsync().ConfigureAwait(false);
            if (parts.Owner is { } owner)
            {
                await owner.DisposeAsync().ConfigureAwait(false);
            }
        }

        _meter.Dispose();
    }

    /// <summary>For containers that are disposed without awaiting.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private Parts Assemble(ControlPlaneConnection connection)
    {
        var loop = new ConfigurationLoop(_loggerFactory.CreateLogger<ConfigurationLoop>());
        var isSidecar = connection.Dialect == IstioDialect.Sidecar;
        var client = new XdsClient(
            connection.Servers,
            connection.Authorities.ToDictionary(static authority => authority.Key, static authority => authority.Value.Servers, StringComparer.Ordinal),
            connection.Node,
            loop,
            _timeProvider,
            _random,
            _loggerFactory.CreateLogger<XdsClient>(),
            _meter.XdsClient,
            isSidecar ? XdsDialect.Envoy : XdsDialect.Grpc,
            _customFilters);
        var clusters = new ClusterRegistry(new ClusterEnvironment(loop, _timeProvider, _random, _resolver, _transport, _options.UpstreamTls, _loggerFactory.CreateLogger<ClusterState>())
        {
            DefaultProtocol = isSidecar ? UpstreamProtocol.Http1 : UpstreamProtocol.AsRequested,
        });
        var hosts = new MeshHosts(_options.Hosts, connection.IsDeclared, connection.ListenerTemplate, connection.Istio, connection.Dialect);

        string? FindTemplate(string authority) => connection.Authorities.GetValueOrDefault(authority)?.ListenerTemplate;

        // For what filters ask: the cluster is demanded at once, so that the first question need not wait for it.
        ClusterDemand? demand = null;
        HttpMessageHandler ToCluster(string name, string authority)
        {
            var held = new OnDemandCluster(name);
            loop.Post(() => held.Set(demand!.Acquire(name))); // set below, before any filter
            return new ClusterHandler(held, authority, _random, () => loop.Post(() => demand!.Release(name)));
        }

        var filters = new HttpFilters(new FilterEnvironment(_timeProvider, _random, _meter.Faults)
        {
            Logger = _loggerFactory.CreateLogger<HttpFilters>(),
            RateLimits = new RateLimitEnvironment(
                _meter.RateLimits, RateLimitOrigin.Of(connection.NodeCluster, connection.NodeId, Environment.MachineName), new RateLimitServices(ToCluster, _timeProvider)),
        });

        // The two roads meet here: requests demand listeners, snapshots come back.
        SnapshotBuilder? builder = null;
        var listeners = new ListenerTable(hosts, FindTemplate, clusters, filters, loop, name => builder!.Demand(name)); // set below, before any request
        var store = new SnapshotStore(listeners);
        builder = new SnapshotBuilder(Source(client, connection), store, loop, listenersAreRoutes: isSidecar);
        demand = new ClusterDemand(builder, store, clusters);
        var onDemand = new OnDemandClusters(loop, demand, _timeProvider);

        // Which of several servers sent a route is not known any more when it is carried out: all must be trusted.
        var rules = new RouteRules(connection.IsGrpcDialect, MayTakeEndpointHost: !connection.IsGrpcDialect || connection.AllServers.All(static server => server.IsTrusted), GeneratesRequestIds: isSidecar);
        var origin = HashOrigin.Of(connection.NodeId, Environment.MachineName, _random);
        var explainer = new RequestExplainer(_loggerFactory.CreateLogger<MeshExplanation>());
        var mirrors = new RequestMirrors(onDemand, _random, _timeProvider, _meter.Calls, _loggerFactory.CreateLogger<RequestMirrors>());
        var pipeline = new MeshPipeline(listeners, onDemand, rules, _random, _timeProvider, _meter.Calls, origin, explainer, mirrors);
        return new Parts(loop, client, clusters, filters, store, pipeline, connection.Owner);
    }

    private IResourceSource Source(XdsClient client, ControlPlaneConnection connection)
        => connection.Dialect == IstioDialect.Grpc
            ? new ExternalServiceSource(
                client,
                new ExternalServiceNames(connection.Istio?.ClusterDomain ?? "cluster.local", new Dictionary<string, string>(_options.ExternalServices, StringComparer.OrdinalIgnoreCase)),
                _loggerFactory.CreateLogger<ExternalServiceSource>())
            : client;

    private sealed record Parts(ConfigurationLoop Loop, XdsClient Client, ClusterRegistry Clusters, HttpFilters Filters, SnapshotStore Store, MeshPipeline Pipeline, IAsyncDisposable? Owner);
}
