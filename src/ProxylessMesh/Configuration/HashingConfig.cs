using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>A policy that sends equal hashes to the same endpoint, as long as it is there.</summary>
internal abstract record HashingConfig : LoadBalancerConfig
{
    /// <summary>Envoy's smallest <c>hash_balance_factor</c>: nobody may be asked to do less than an even share.</summary>
    public const uint MinBalanceFactor = 100;

    /// <summary>Whether the hostname stands for an endpoint, not its address (<c>use_hostname_for_hashing</c>).</summary>
    public bool UsesHostname { get; init; }

    /// <summary>
    /// How many percent of its even share of the cluster's active requests an endpoint may have (<c>hash_balance_factor</c>);
    /// <see langword="null"/> for no bound.
    /// </summary>
    public uint? BalanceFactor { get; init; }

    /// <summary>Whether the weights of localities count (<c>locality_weighted_lb_config</c>, <c>WrrLocality</c>; always in gRPC).</summary>
    public bool WeighsLocalities { get; init; }

    /// <summary>What a request's hash is taken from in this cluster, whatever its route says (<c>ConsistentHashingLbConfig.hash_policy</c>); empty leaves it to the route.</summary>
    public ImmutableArray<HashPolicyConfig> HashPolicies { get; init; } = [];
}

/// <summary>How the entries of a ring are hashed. A request's hash is XXH64 whatever the ring's is.</summary>
internal enum RingHashFunction
{
    XxHash64,

    /// <summary>MurmurHash64A with the seed of the GNU C++ library, as Envoy uses it.</summary>
    MurmurHash2,
}

/// <summary>Ring hash (<c>RING_HASH</c>, gRFC A42).</summary>
/// <param name="MinSize">The ring has at least as many entries, unless <paramref name="MaxSize"/> forbids it; 1 at least.</param>
/// <param name="MaxSize">And at most so many; not less than <paramref name="MinSize"/>.</param>
internal sealed record RingHashConfig(uint MinSize, uint MaxSize) : HashingConfig
{
    public const uint DefaultMinSize = 1024;

    /// <summary>The greatest size that may be asked for, and the default of the greatest.</summary>
    public const uint SizeLimit = 8 * 1024 * 1024;

    public RingHashFunction Function { get; init; }
}

/// <summary>Maglev (<c>MAGLEV</c>).</summary>
/// <param name="TableSize">The number of entries, a prime.</param>
internal sealed record MaglevConfig(uint TableSize) : HashingConfig
{
    public const uint DefaultTableSize = 65_537;

    /// <summary>The greatest size that may be asked for.</summary>
    public const uint SizeLimit = 5_000_011;
}
