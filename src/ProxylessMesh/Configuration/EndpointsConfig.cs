using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>
/// The endpoints of a cluster (<c>envoy.config.endpoint.v3.ClusterLoadAssignment</c>), usable ones only: what is unhealthy
/// or has no weight was left out by the decoder. Priorities are 0..n-1 without a gap.
/// </summary>
internal sealed record EndpointsConfig
{
    public static readonly EndpointsConfig Empty = new() { ClusterName = "", Localities = [] };

    public required string ClusterName { get; init; }

    /// <summary>In the order given; several localities may share a priority.</summary>
    public required ImmutableArray<LocalityConfig> Localities { get; init; }
}

/// <summary>Region, zone and sub-zone; an empty part means unknown.</summary>
internal readonly record struct Locality(string Region, string Zone, string SubZone)
{
    public override string ToString() => $"{Region}/{Zone}/{SubZone}";
}

/// <summary>The endpoints of one locality at one priority.</summary>
/// <param name="Locality">Where they are.</param>
/// <param name="Priority">0 is used first.</param>
/// <param name="Weight">The locality's share among those of its priority; at least 1.</param>
/// <param name="Endpoints">Its usable endpoints; may be empty.</param>
internal sealed record LocalityConfig(Locality Locality, int Priority, uint Weight, ImmutableArray<EndpointConfig> Endpoints);

/// <summary>One endpoint.</summary>
/// <param name="Address">Where to dial.</param>
/// <param name="Weight">Its share within its locality; at least 1.</param>
internal sealed record EndpointConfig(EndpointAddress Address, uint Weight)
{
    /// <summary>
    /// The endpoint's name (<c>endpoint.hostname</c>), or in a DNS cluster the name that was resolved; <see langword="null"/>
    /// when it has none. Such endpoints of one cluster share the string.
    /// </summary>
    public string? Hostname { get; init; }

    /// <summary>Which of the cluster's transport sockets fits it.</summary>
    public EndpointLabels Labels { get; init; } = EndpointLabels.None;

    /// <summary>
    /// The workload behind it as Istio tells it, <c>name;namespace;service;revision;cluster</c> (metadata <c>istio.workload</c>);
    /// <see langword="null"/> where nothing is known.
    /// </summary>
    public string? Workload { get; init; }

    /// <summary>
    /// What stands for the endpoint in a ring or table of hashes, in place of its address (metadata <c>hash_key</c> of
    /// <c>envoy.lb</c>, gRFC A76); <see langword="null"/> when nothing does.
    /// </summary>
    public string? HashKey { get; init; }

    /// <summary>Whether retries may be asked to pass it over (metadata <c>canary</c> of <c>envoy.lb</c>).</summary>
    public bool IsCanary { get; init; }
}

/// <summary>Which addresses of a DNS name are used (<c>Cluster.dns_lookup_family</c>).</summary>
internal enum DnsLookupFamily
{
    /// <summary>All, in the resolver's order. Also what Envoy's <c>AUTO</c> means here: the operating system knows which family works.</summary>
    All,
    V4Only,
    V6Only,

    /// <summary>IPv4; IPv6 where there is none.</summary>
    V4Preferred,
}

/// <summary>An address to dial: an IP address (or, in a DNS cluster, a name) and port, or the path of a Unix domain socket.</summary>
internal readonly record struct EndpointAddress
{
    private EndpointAddress(string host, int port, DnsLookupFamily family = DnsLookupFamily.All)
    {
        Host = host;
        Port = port;
        LookupFamily = family;
    }

    /// <summary>Of a name: which of its addresses are dialled.</summary>
    public DnsLookupFamily LookupFamily { get; }

    /// <summary>An IP address without brackets, a DNS name, or a socket's path.</summary>
    public string Host { get; }

    /// <summary>0 for a Unix domain socket.</summary>
    public int Port { get; }

    public bool IsUnixSocket => Port == 0;

    public static EndpointAddress Tcp(string host, int port) => new(host, port);

    /// <summary>A name, looked up for each connection.</summary>
    public static EndpointAddress Name(string host, int port, DnsLookupFamily family) => new(host, port, family);

    public static EndpointAddress UnixSocket(string path) => new(path, 0);

    public override string ToString() => IsUnixSocket ? $"unix:{Host}" : Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
