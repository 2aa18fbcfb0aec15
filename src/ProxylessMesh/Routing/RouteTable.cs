using System.Collections.Immutable;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;

namespace ProxylessMesh.Routing;

/// <summary>
/// A route configuration compiled for matching: host to virtual host, path and headers to route, route to cluster. Immutable;
/// matching takes no lock and allocates nothing. Clusters are resolved when it is built, so that a request never looks one up.
/// </summary>
/// <typeparam name="TCluster">What a route leads to; routing itself knows nothing of clusters.</typeparam>
internal sealed class RouteTable<TCluster>
    where TCluster : class
{
    private readonly RoutesConfig _config;
    private readonly DomainIndex<VirtualHost<TCluster>> _domains;
    private readonly bool _ignorePort;

    private RouteTable(RoutesConfig config, HttpConnectionConfig connection, DomainIndex<VirtualHost<TCluster>> domains, IReadOnlyCollection<TCluster> clusters, FilterChain? filters)
    {
        _config = config;
        Filters = filters;
        Name = config.Name;
        Connection = connection;
        Clusters = clusters;
        _domains = domains;
        _ignorePort = config.IgnorePortInHostMatching;
    }

    /// <summary>The route configuration's name.</summary>
    public string Name { get; }

    /// <summary>What the listener says of requests before they are routed.</summary>
    public HttpConnectionConfig Connection { get; }

    /// <summary>Every cluster that a request may be sent to and that the routes name, each once.</summary>
    public IReadOnlyCollection<TCluster> Clusters { get; }

    /// <summary>The listener's filters, to be released when the table is no longer in use; <see langword="null"/> for none.</summary>
    public FilterChain? Filters { get; }

    /// <param name="config">A validated route configuration.</param>
    /// <param name="cluster">Gives the cluster of a name; called once per distinct name.</param>
    /// <param name="connection">What the listener says of requests before they are routed; <see langword="null"/> for nothing.</param>
    /// <param name="filters">The listener's filters; <see langword="null"/> for none.</param>
    public static RouteTable<TCluster> Build(RoutesConfig config, Func<string, TCluster> cluster, HttpConnectionConfig? connection = null, FilterChain? filters = null)
    {
        var clusters = new Dictionary<string, TCluster>(StringComparer.Ordinal);
        var domains = new List<KeyValuePair<string, VirtualHost<TCluster>>>();
        var scope = new RouteScope(config, VirtualHost: null, Index: 0, filters);
        foreach (var hostConfig in config.VirtualHosts)
        {
            var virtualHost = VirtualHost<TCluster>.Build(hostConfig, scope, Resolve);
            foreach (var domain in hostConfig.Domains)
            {
                domains.Add(new(domain, virtualHost));
            }
        }

        return new RouteTable<TCluster>(config, connection ?? HttpConnectionConfig.Default, new DomainIndex<VirtualHost<TCluster>>(domains), clusters.Values, filters);

        TCluster Resolve(string name)
        {
            if (!clusters.TryGetValue(name, out var resolved))
            {
                resolved = cluster(name);
                clusters.Add(name, resolved);
            }

            return resolved;
        }
    }

    /// <param name="host">The request's authority as the caller gave it, with its port if it has one.</param>
    /// <returns>The virtual host that answers for it, or null.</returns>
    public VirtualHost<TCluster>? FindVirtualHost(ReadOnlySpan<char> host) => _domains.Find(DomainOf(host));

    /// <summary>Asks every virtual host again, for a person: slow.</summary>
    /// <param name="host">As in <see cref="FindVirtualHost"/>.</param>
    /// <param name="found">What that found.</param>
    /// <returns>All virtual hosts in their order, each but <paramref name="found"/> with the reason why it is not that.</returns>
    public ImmutableArray<MeshCandidate> Explain(ReadOnlySpan<char> host, VirtualHost<TCluster>? found)
    {
        var domain = DomainOf(host).ToString();
        var candidates = ImmutableArray.CreateBuilder<MeshCandidate>(_config.VirtualHosts.Length);
        foreach (var config in _config.VirtualHosts)
        {
            // The same search among this one's domains alone: it loses by having none that fits, or to one that fits better.
            var own = new DomainIndex<string>(config.Domains.Select(static domain => KeyValuePair.Create(domain, domain))).Find(domain);
            candidates.Add(new MeshCandidate
            {
                Name = config.Name,
                Rejection = ReferenceEquals(config, found?.Config) ? null
                    : own is null ? $"none of its domains is '{domain}': {string.Join(", ", config.Domains)}"
                    : $"its domain '{own}' fits '{domain}' less than one of virtual host '{found?.Name}'",
            });
        }

        return candidates.MoveToImmutable();
    }

    /// <summary>What domains are compared with.</summary>
    private ReadOnlySpan<char> DomainOf(ReadOnlySpan<char> host)
    {
        // A client asks for the port that its listener stands for: the listener's own and any port are the same.
        var end = PortOf(host);
        var name = host[..end];
        var port = _ignorePort || Connection.StripPort != HostPortStripping.None ? [] : host[end..];
        if (!Connection.StripTrailingDot || name is not [.., '.'])
        {
            return host[..(end + port.Length)];
        }

        return port.IsEmpty ? name[..^1] : string.Concat(name[..^1], port).AsSpan();
    }

    /// <returns>Where the port begins, colon included; the length where there is none.</returns>
    private static int PortOf(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');

        // A colon before the closing bracket belongs to an IPv6 address: [::1] has no port, [::1]:80 has one.
        return colon > host.LastIndexOf(']') ? colon : host.Length;
    }
}
