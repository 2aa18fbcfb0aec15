using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>What a filter does to headers (<c>envoy.extensions.filters.http.header_mutation.v3</c>), as it stands in a listener or in a part of the routes.</summary>
internal sealed record HeaderMutationFilterConfig : FilterConfig
{
    /// <summary>What is done to requests, in order.</summary>
    public ImmutableArray<HeaderMutationConfig> Request { get; init; } = [];

    /// <summary>What is done to responses, in order.</summary>
    public ImmutableArray<HeaderMutationConfig> Response { get; init; } = [];

    /// <summary>Whether the most specific part of the routes acts last (<c>most_specific_header_mutations_wins</c>); by default it acts first. The listener's own always acts before all of them.</summary>
    public bool MostSpecificWins { get; init; }
}

/// <summary>One change to headers: exactly one of the three is set.</summary>
internal sealed record HeaderMutationConfig
{
    /// <summary>The header that goes, in lower case.</summary>
    public string? Remove { get; init; }

    /// <summary>The names of the headers that go.</summary>
    public StringMatcher? RemoveMatching { get; init; }

    /// <summary>The header that comes.</summary>
    public HeaderAdditionConfig? Add { get; init; }
}
