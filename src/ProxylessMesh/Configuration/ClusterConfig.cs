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

    /// <summary>One DNS name, one logical endpoint: connections go to the first address.</summary>
    LogicalDns,
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

/// <summary>What the control plane asks of the connection to an endpoint (<c>Cluster.transport_socket</c>).</summary>
internal enum TransportSecurity
{
    Plaintext,

    /// <summary>An <c>UpstreamTlsContext</c> was delivered.</summary>
    Tls,
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

    public TransportSecurity TransportSecurity { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = DefaultConnectTimeout;

    public TimeSpan DnsRefreshRate { get; init; } = DefaultDnsRefreshRate;
}
