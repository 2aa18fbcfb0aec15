using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>Changes headers (<c>envoy.extensions.filters.http.header_mutation.v3</c>), for all requests of a listener or on a part of its routes.</summary>
internal sealed record HeaderMutationFilterConfig : FilterConfig
{
    public ImmutableArray<HeaderStepConfig> Request { get; init; } = [];

    /// <summary><c>query_parameter_mutations</c>, after <see cref="Request"/>.</summary>
    public ImmutableArray<QueryStepConfig> Query { get; init; } = [];

    public ImmutableArray<HeaderStepConfig> Response { get; init; } = [];

    /// <summary>Whether of the routes' levels the most specific comes last (<c>most_specific_header_mutations_wins</c>); said by the listener.</summary>
    public bool MostSpecificWins { get; init; }
}

/// <summary>One step, exactly one of its parts is set.</summary>
internal sealed record HeaderStepConfig
{
    public HeaderAdditionConfig? Addition { get; init; }

    /// <summary>The name, in lower case, of headers to remove.</summary>
    public string? Removal { get; init; }

    /// <summary>Which headers to remove, by their names.</summary>
    public StringMatcher? RemovalMatch { get; init; }
}

/// <summary>One change of the query (<c>KeyValueMutation</c>).</summary>
/// <param name="Name">The parameter's.</param>
/// <param name="Value">Its value, or <see langword="null"/> to remove the parameter.</param>
/// <param name="Action">What becomes of one that is there.</param>
internal sealed record QueryStepConfig(string Name, string? Value, HeaderAppendAction Action);

/// <summary>Notes what headers and cookies say (<c>envoy.extensions.filters.http.header_to_metadata.v3</c>).</summary>
internal sealed record HeaderToMetadataConfig : FilterConfig
{
    public ImmutableArray<MetadataRuleConfig> Request { get; init; } = [];

    public ImmutableArray<MetadataRuleConfig> Response { get; init; } = [];
}

/// <summary>What is noted of one header, or one cookie.</summary>
internal sealed record MetadataRuleConfig
{
    /// <summary>In lower case; <see langword="null"/> where it is a cookie.</summary>
    public string? Header { get; init; }

    public string? Cookie { get; init; }

    public MetadataValueConfig? Present { get; init; }

    public MetadataValueConfig? Missing { get; init; }

    /// <summary>Whether the header is taken out afterwards.</summary>
    public bool Removes { get; init; }
}

/// <summary>A note.</summary>
internal sealed record MetadataValueConfig
{
    /// <summary>Where a rule names none, the filter's own name stands in.</summary>
    public const string DefaultNamespace = "envoy.filters.http.header_to_metadata";

    public required string Namespace { get; init; }

    public required string Key { get; init; }

    /// <summary>Noted in place of what was found; empty for that.</summary>
    public string Value { get; init; } = "";

    /// <summary>What is made of what was found.</summary>
    public RegexRewrite? Rewrite { get; init; }

    public MetadataValueType Type { get; init; }

    public bool IsBase64 { get; init; }
}

/// <summary>What a note is (<c>ValueType</c>).</summary>
internal enum MetadataValueType
{
    Text,
    Number,
}
