using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;

namespace ProxylessMesh.Clusters;

/// <summary>
/// One cluster while routes lead to it: its endpoints are reconciled by address at each update, so that connections and
/// counters of those that stay survive. Changed on the configuration loop, read by requests through <see cref="View"/>.
/// </summary>
internal sealed class ClusterState(string name, ClusterEnvironment environment)
{
    private readonly Published<ClusterView> _view = new(ClusterView.Pending);
    private Dictionary<EndpointAddress, EndpointState> _endpoints = [];
    private ClusterConfig? _config;
    private DnsEndpoints? _dns;

    public string Name { get; } = name;

    public ClusterView View => _view.Value;

    /// <summary>Completes once the view is another one than <paramref name="seen"/>.</summary>
    public Task WaitForChangeAsync(ClusterView seen, CancellationToken cancellationToken) => _view.WaitForChangeAsync(seen, cancellationToken);

    public void Apply(ClusterSnapshot snapshot)
    {
        if (!snapshot.IsComplete || snapshot.Config is not { } config)
        {
            _config = null;
            StopDns();
            ReplaceEndpoints([]);
            _view.Publish(snapshot switch
            {
                { Error: null } => ClusterView.Pending,
                { Config: null, Error: { Kind: ResourceErrorKind.DoesNotExist } error } => ClusterView.Absent(error),
                { Error: { } error } => ClusterView.Unusable(error),
            });
            return;
        }

        if (config.TransportSecurity == TransportSecurity.Tls && environment.UpstreamTls == UpstreamTlsMode.Required)
        {
            _config = null;
            StopDns();
            ReplaceEndpoints([]);
            _view.Publish(ClusterView.Unusable(new ResourceError(
                ResourceErrorKind.Invalid,
                $"cluster '{Name}' asks for TLS (transport_socket: UpstreamTlsContext), which this version cannot do; to send in plaintext all the same, set MeshOptions.UpstreamTls to {nameof(UpstreamTlsMode.Ignored)}")));
            return;
        }

        if (config.DiscoveryType == ClusterDiscoveryType.StrictDns)
        {
            ApplyDns(config);
            return;
        }

        StopDns();
        _config = config;
        Use(config, snapshot.Endpoints ?? EndpointsConfig.Empty);
    }

    /// <summary>No route leads here any more: requests under way finish, then the connections close.</summary>
    public void Retire()
    {
        StopDns();
        _view.Publish(ClusterView.Retired);
        ReplaceEndpoints([]);
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
        dns = new DnsEndpoints(config, environment.Resolver, environment.TimeProvider, environment.Logger, (endpoints, error) => environment.Loop.Post(() =>
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
        var states = new List<EndpointState>();
        var byAddress = new Dictionary<EndpointAddress, EndpointState>();
        foreach (var locality in endpoints.Localities)
        {
            foreach (var endpoint in locality.Endpoints)
            {
                if (!byAddress.TryGetValue(endpoint.Address, out var state))
                {
                    state = _endpoints.TryGetValue(endpoint.Address, out var kept) && kept.ConnectTimeout == config.ConnectTimeout
                        ? kept
                        : new EndpointState(endpoint.Address, config.ConnectTimeout, environment.Transport, environment.TimeProvider);
                    state.Hostname = endpoint.Hostname;
                    byAddress.Add(endpoint.Address, state);
                }

                states.Add(state);
            }
        }

        // Published before the others retire: a request that still picks one of those looks again and finds the new ones.
        var picker = EndpointPickerFactory.Create(endpoints, config.LoadBalancer, states, environment.Random);
        _view.Publish(ClusterView.Usable(config, [.. states], picker));
        ReplaceEndpoints(byAddress);
    }

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
}
