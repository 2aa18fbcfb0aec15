using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>How a cluster learns its endpoints (<c>Cluster.type</c>).</summary>
internal enum ClusterDiscoveryType
{
    /// <summary>From an EDS resource.</summary>
    Eds,

    /// <summary>From the cluster's own <c>load_assignment</c>.</summary>
    Static,

    /// <summary>Every address of every DNS name is an endpoint.</summary>
    StrictDns,

    /// <summary>One DNS name, one logical endpoint: looked up for each connection, which goes to the first address that accepts it.</summary>
    LogicalDns,

    /// <summary>No endpoints of its own: a request goes where its URI points.</summary>
    OriginalDestination,
}

/// <summary>How an endpoint is picked within a locality (<c>Cluster.lb_policy</c>).</summary>
internal abstract record LoadBalancerConfig;

/// <summary>Weighted round robin.</summary>
internal sealed record RoundRobinConfig : LoadBalancerConfig
{
    public static readonly RoundRobinConfig Instance = new();
}

/// <summary>The least loaded of <paramref name="ChoiceCount"/> endpoints drawn at random, at least 2 (gRFC A48).</summary>
internal sealed record LeastRequestConfig(int ChoiceCount) : LoadBalancerConfig
{
    public const int DefaultChoiceCount = 2;
}

/// <summary>Any endpoint, whatever its weight.</summary>
/// <param name="WeighsLocalities">Whether a locality is drawn by weight first.</param>
internal sealed record RandomConfig(bool WeighsLocalities) : LoadBalancerConfig;

/// <summary>The HTTP version towards a cluster's endpoints (<c>HttpProtocolOptions</c>).</summary>
internal enum UpstreamProtocol
{
    /// <summary>The control plane says nothing: HTTP/1.1 from a sidecar's point of view, as requested from gRPC's.</summary>
    Unset,

    /// <summary>As the request asks (<c>use_downstream_protocol_config</c>).</summary>
    AsRequested,

    /// <summary>HTTP/1.1, except for gRPC, which has no other version than HTTP/2 (<c>explicit_http_config.http_protocol_options</c>).</summary>
    Http1,

    /// <summary>HTTP/2, in plaintext with prior knowledge (<c>explicit_http_config.http2_protocol_options</c>).</summary>
    Http2,
}

/// <summary>A cluster (<c>envoy.config.cluster.v3.Cluster</c>).</summary>
internal sealed record ClusterConfig
{
    /// <summary>Envoy's default of <c>connect_timeout</c>.</summary>
    public static readonly TimeSpan DefaultConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Envoy's default of <c>dns_refresh_rate</c>.</summary>
    public static readonly TimeSpan DefaultDnsRefreshRate = TimeSpan.FromSeconds(5);

    public required string Name { get; init; }

    public required ClusterDiscoveryType DiscoveryType { get; init; }

    /// <summary>The name of the EDS resource: <c>eds_cluster_config.service_name</c>, or the cluster's name.</summary>
    public string? EdsName { get; init; }

    /// <summary>The endpoints of a <see cref="ClusterDiscoveryType.Static"/> cluster, the names to resolve of a DNS cluster.</summary>
    public EndpointsConfig? InlineEndpoints { get; init; }

    public required LoadBalancerConfig LoadBalancer { get; init; }

    /// <summary>The TLS of endpoints that none of <see cref="TransportSocketMatches"/> fits (<c>transport_socket</c>); <see langword="null"/> is plaintext.</summary>
    public TlsConfig? Tls { get; init; }

    /// <summary>In order of preference: the first that fits an endpoint decides.</summary>
    public ImmutableArray<TransportSocketMatchConfig> TransportSocketMatches { get; init; } = [];

    public UpstreamProtocol Protocol { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = DefaultConnectTimeout;

    public TimeSpan DnsRefreshRate { get; init; } = DefaultDnsRefreshRate;

    /// <summary>Added to <see cref="DnsRefreshRate"/>, at random between zero and this (<c>dns_jitter</c>).</summary>
    public TimeSpan DnsJitter { get; init; }

    public DnsLookupFamily LookupFamily { get; init; }

    /// <summary>How many tries after a first may be under way at once.</summary>
    public RetryLimitConfig Retries { get; init; } = RetryLimitConfig.None;

    /// <summary>The TLS asked for towards an endpoint, or <see langword="null"/> for plaintext.</summary>
    public TlsConfig? TlsOf(EndpointConfig endpoint)
    {
        foreach (var match in TransportSocketMatches)
        {
            if (endpoint.Labels.Fits(match.Match))
            {
                return match.Tls;
            }
        }

        return Tls;
    }
}
