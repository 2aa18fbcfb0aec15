using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;

namespace ProxylessMesh.Clusters;

/// <summary>
/// One cluster while routes lead to it: its endpoints are reconciled by address at each update, so that connections and
/// counters of those that stay survive. Changed on the configuration loop, read by requests through <see cref="View"/>.
/// </summary>
internal sealed partial class ClusterState(string name, ClusterEnvironment environment)
{
    private readonly Published<ClusterView> _view = new(ClusterView.Pending);
    private Dictionary<EndpointAddress, EndpointState> _endpoints = [];
    private ClusterConfig? _config;
    private DnsEndpoints? _dns;
    private OriginalDestinations? _destinations;
    private int _refused;
    private int _retries;

    public string Name { get; } = name;

    public ClusterView View => _view.Value;

    /// <summary>Completes once the view is another one than <paramref name="seen"/>.</summary>
    public Task WaitForChangeAsync(ClusterView seen, CancellationToken cancellationToken) => _view.WaitForChangeAsync(seen, cancellationToken);

    /// <summary>Requests under way on its endpoints, tries after the first included. Counted anew each time: for those who rarely ask.</summary>
    public int ActiveRequests
    {
        get
        {
            var active = 0;
            foreach (var endpoint in View.Endpoints)
            {
                active += endpoint.ActiveRequests;
            }

            return active;
        }
    }

    /// <summary>A retry is to begin: its wait counts as well. To be followed by <see cref="EndRetry"/>.</summary>
    /// <param name="limit">How many there may be at once.</param>
    /// <returns>Whether there is room for it.</returns>
    public bool TryBeginRetry(uint limit)
    {
        if ((uint)Interlocked.Increment(ref _retries) <= limit)
        {
            return true;
        }

        EndRetry();
        return false;
    }

    public void EndRetry() => Interlocked.Decrement(ref _retries);

    public void Apply(ClusterSnapshot snapshot)
    {
        if (!snapshot.IsComplete || snapshot.Config is not { } config)
        {
            Stop(snapshot switch
            {
                { Error: null } => ClusterView.Pending,
                { Config: null, Error: { Kind: ResourceErrorKind.DoesNotExist } error } => ClusterView.Absent(error),
                { Error: { } error } => ClusterView.Unusable(error),
            });
            return;
        }

        if (config is { Tls: not null, TransportSocketMatches: [] } && environment.UpstreamTls == UpstreamTlsMode.Required)
        {
            Stop(ClusterView.Unusable(TlsRefused(snapshot.Endpoints?.Localities.SelectMany(static locality => locality.Endpoints).FirstOrDefault())));
            return;
        }

        switch (config.DiscoveryType)
        {
            case ClusterDiscoveryType.StrictDns:
                ApplyDns(config);
                break;

            case ClusterDiscoveryType.OriginalDestination:
                StopDns();
                ApplyDestinations(config);
                break;

            default:
                StopDns();
                _config = config;
                Use(config, snapshot.Endpoints ?? EndpointsConfig.Empty);
                break;
        }
    }

    /// <summary>No route leads here any more: requests under way finish, then the connections close.</summary>
    public void Retire() => Stop(ClusterView.Retired);

    private void Stop(ClusterView view)
    {
        _config = null;
        StopDns();
        _view.Publish(view);
        StopDestinations();
        ReplaceEndpoints([]);
    }

    private void ApplyDestinations(ClusterConfig config)
    {
        _config = config;
        var previous = _destinations;
        if (previous?.Serves(config) != true)
        {
            _destinations = new OriginalDestinations(config, environment);
        }

        // Published before the others retire, as with endpoints.
        _view.Publish(ClusterView.Usable(config, _destinations!)); // set above
        if (!ReferenceEquals(previous, _destinations))
        {
            previous?.Retire();
        }

        ReplaceEndpoints([]);
    }

    private void StopDestinations()
    {
        _destinations?.Retire();
        _destinations = null;
    }

    private void ApplyDns(ClusterConfig config)
    {
        if (_dns is not null && config.Equals(_config))
        {
            return;
        }

        StopDns();
        _config = config;
        DnsEndpoints? dns = null;
        dns = new DnsEndpoints(config, environment.Resolver, environment.TimeProvider, environment.Random, environment.Logger, (endpoints, error) => environment.Loop.Post(() =>
        {
            if (!ReferenceEquals(_dns, dns))
            {
                return; // replaced meanwhile
            }

            if (endpoints is not null)
            {
                Use(config, endpoints);
            }
            else
            {
                _view.Publish(ClusterView.Unusable(new ResourceError(ResourceErrorKind.NameResolutionFailed, error ?? "the cluster's names do not resolve")));
                StopDestinations();
            }
        }));
        _dns = dns;
    }

    private void StopDns()
    {
        _dns?.Dispose();
        _dns = null;
    }

    private void Use(ClusterConfig config, EndpointsConfig endpoints)
    {
        if (environment.UpstreamTls == UpstreamTlsMode.Required)
        {
            endpoints = WithoutTls(config, endpoints, out var refused);
            if (refused is not null && endpoints.Localities.All(static locality => locality.Endpoints.IsEmpty))
            {
                _view.Publish(ClusterView.Unusable(TlsRefused(refused)));
                StopDestinations();
                ReplaceEndpoints([]);
                return;
            }
        }

        var states = new List<EndpointState>();
        var byAddress = new Dictionary<EndpointAddress, EndpointState>();
        foreach (var locality in endpoints.Localities)
        {
            foreach (var endpoint in locality.Endpoints)
            {
                if (!byAddress.TryGetValue(endpoint.Address, out var state))
                {
                    state = FindOrCreate(config, endpoint, locality);
                    byAddress.Add(endpoint.Address, state);
                }

                states.Add(state);
            }
        }

        // Published before the others retire: a request that still picks one of those looks again and finds the new ones.
        var picker = EndpointPickerFactory.Create(endpoints, config.LoadBalancer, states, environment.Random, _view.Value.Picker);
        _view.Publish(ClusterView.Usable(config, [.. states], picker));
        StopDestinations();
        ReplaceEndpoints(byAddress);
    }

    private EndpointState FindOrCreate(ClusterConfig config, EndpointConfig endpoint, LocalityConfig locality)
    {
        var tls = config.TlsOf(endpoint);
        if (!_endpoints.TryGetValue(endpoint.Address, out var state) || state.ConnectTimeout != config.ConnectTimeout || !Equals(state.Tls, tls))
        {
            state = new EndpointState(endpoint.Address, config.ConnectTimeout, environment.Transport, environment.TimeProvider) { Tls = tls };
        }

        state.Hostname = endpoint.Hostname;
        state.Locality = locality;
        state.IsCanary = endpoint.IsCanary;
        state.Protocol = environment.ProtocolOf(config);
        return state;
    }

    /// <summary>
    /// Leaves out the endpoints that TLS is asked for, which this version cannot do, as if they were unhealthy: nothing is sent
    /// to them in plaintext, and those that plaintext was asked for serve, at the next priority if need be.
    /// </summary>
    private EndpointsConfig WithoutTls(ClusterConfig config, EndpointsConfig endpoints, out EndpointConfig? refused)
    {
        refused = null;
        var count = 0;
        if (config.Tls is null && config.TransportSocketMatches.All(static match => match.Tls is null))
        {
            _refused = 0;
            return endpoints;
        }

        var localities = ImmutableArray.CreateBuilder<LocalityConfig>(endpoints.Localities.Length);
        foreach (var locality in endpoints.Localities)
        {
            var usable = locality.Endpoints.RemoveAll(endpoint => config.TlsOf(endpoint) is not null);
            if (usable.Length < locality.Endpoints.Length)
            {
                count += locality.Endpoints.Length - usable.Length;
                refused ??= locality.Endpoints.First(endpoint => config.TlsOf(endpoint) is not null);
            }

            localities.Add(usable.Length == locality.Endpoints.Length ? locality : locality with { Endpoints = usable });
        }

        if (refused is not null && count != _refused)
        {
            LogRefused(environment.Logger, Name, count, refused.Address);
        }

        _refused = count;
        return endpoints with { Localities = localities.MoveToImmutable() };
    }

    private ResourceError TlsRefused(EndpointConfig? endpoint) => new(
        ResourceErrorKind.Invalid,
        $"cluster '{Name}' asks for TLS{(endpoint is null ? "" : $" to endpoint {endpoint.Address}")} (transport_socket: UpstreamTlsContext), which this version cannot do; to send in plaintext all the same, set MeshOptions.UpstreamTls to {nameof(UpstreamTlsMode.Ignored)}");

    private void ReplaceEndpoints(Dictionary<EndpointAddress, EndpointState> endpoints)
    {
        var previous = _endpoints;
        _endpoints = endpoints;
        foreach (var (address, state) in previous)
        {
            if (!endpoints.TryGetValue(address, out var kept) || !ReferenceEquals(kept, state))
            {
                state.Retire();
            }
        }
    }

    [LoggerMessage(42, LogLevel.Warning, "Cluster '{Cluster}' asks for TLS to {Count} of its endpoints, {Endpoint} among them, which this version cannot do: they get no requests")]
    private static partial void LogRefused(ILogger logger, string cluster, int count, EndpointAddress endpoint);
}
