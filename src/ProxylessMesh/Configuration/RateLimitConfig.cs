using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>
/// What a request is counted as (<c>envoy.config.route.v3.RateLimit</c>): each action adds an entry to its descriptor. Where one has nothing to add
/// and may not be left out, there is no descriptor.
/// </summary>
/// <param name="Actions">At least one, in order.</param>
internal sealed record RateLimitConfig(ImmutableArray<RateLimitActionConfig> Actions)
{
    /// <summary>The filters that count it (<c>stage</c>), 0 to 10.</summary>
    public uint Stage { get; init; }

    /// <summary>Where a limit stands that takes the place of the service's own (<c>limit.dynamic_metadata</c>).</summary>
    public MetadataPathConfig? LimitOverride { get; init; }

    /// <summary>How many a request counts as (<c>hits_addend.number</c>); <see langword="null"/> leaves it to the service, which takes it for one.</summary>
    public ulong? Hits { get; init; }
}

/// <summary>Adds an entry to a descriptor, or says that there is none.</summary>
internal abstract record RateLimitActionConfig;

/// <summary><c>source_cluster</c>: the bootstrap's <c>node.cluster</c>.</summary>
internal sealed record SourceClusterActionConfig : RateLimitActionConfig;

/// <summary><c>destination_cluster</c>: the cluster that the request was routed to.</summary>
internal sealed record DestinationClusterActionConfig : RateLimitActionConfig;

/// <summary><c>request_headers</c>: the first value of a header.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Key">The entry's key.</param>
/// <param name="SkipIfAbsent">Whether a request without it goes without the entry only.</param>
internal sealed record HeaderActionConfig(string Name, string Key, bool SkipIfAbsent) : RateLimitActionConfig;

/// <summary><c>query_parameters</c>: the first value of a query parameter.</summary>
/// <param name="Name">The parameter.</param>
/// <param name="Key">The entry's key.</param>
/// <param name="SkipIfAbsent">Whether a request without it goes without the entry only.</param>
internal sealed record QueryActionConfig(string Name, string Key, bool SkipIfAbsent) : RateLimitActionConfig;

/// <summary><c>remote_address</c>: the caller's, which in a client is the process itself.</summary>
internal sealed record RemoteAddressActionConfig : RateLimitActionConfig;

/// <summary><c>masked_remote_address</c>: the network of that.</summary>
/// <param name="V4Length">How many bits of an IPv4 address count.</param>
/// <param name="V6Length">How many bits of an IPv6 address count.</param>
internal sealed record MaskedAddressActionConfig(int V4Length, int V6Length) : RateLimitActionConfig;

/// <summary><c>generic_key</c>: the same for every request.</summary>
internal sealed record GenericKeyActionConfig(string Key, string Value) : RateLimitActionConfig;

/// <summary><c>header_value_match</c>.</summary>
/// <param name="Key">The entry's key.</param>
/// <param name="Value">Its value.</param>
/// <param name="ExpectsMatch">Whether requests are meant that match, or those that do not.</param>
/// <param name="Headers">The conditions; all must hold for a match.</param>
internal sealed record HeaderMatchActionConfig(string Key, string Value, bool ExpectsMatch, ImmutableArray<HeaderMatcher> Headers) : RateLimitActionConfig;

/// <summary><c>query_parameter_value_match</c>.</summary>
/// <param name="Key">The entry's key.</param>
/// <param name="Value">Its value.</param>
/// <param name="ExpectsMatch">Whether requests are meant that match, or those that do not.</param>
/// <param name="Parameters">The conditions; all must hold for a match.</param>
internal sealed record QueryMatchActionConfig(string Key, string Value, bool ExpectsMatch, ImmutableArray<QueryParameterMatcher> Parameters) : RateLimitActionConfig;

/// <summary><c>metadata</c> with what filters before have left (<c>DYNAMIC</c>), and <c>dynamic_metadata</c>.</summary>
/// <param name="Key">The entry's key.</param>
/// <param name="Path">Where the value stands; it must be a string.</param>
/// <param name="Default">What counts without one; empty for nothing.</param>
/// <param name="SkipIfAbsent">Whether a request without it goes without the entry only.</param>
internal sealed record MetadataActionConfig(string Key, MetadataPathConfig Path, string Default, bool SkipIfAbsent) : RateLimitActionConfig;

/// <summary><c>metadata</c> of the route (<c>ROUTE_ENTRY</c>).</summary>
/// <inheritdoc cref="MetadataActionConfig"/>
internal sealed record RouteMetadataActionConfig(string Key, MetadataPathConfig Path, string Default, bool SkipIfAbsent) : RateLimitActionConfig;

/// <summary>A place in metadata (<c>envoy.type.metadata.v3.MetadataKey</c>).</summary>
/// <param name="Filter">The filter that it belongs to.</param>
/// <param name="Path">The keys from there on; at least one.</param>
internal sealed record MetadataPathConfig(string Filter, ImmutableArray<string> Path);

/// <summary>What becomes of the virtual host's limits (<c>VhRateLimitsOptions</c>).</summary>
internal enum VirtualHostLimits
{
    /// <summary>They count where the route has none.</summary>
    Override,

    /// <summary>They count as well.</summary>
    Include,

    /// <summary>They do not count.</summary>
    Ignore,
}
