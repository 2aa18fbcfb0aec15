using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>Takes what headers say into a request's metadata (<c>envoy.extensions.filters.http.header_to_metadata.v3.Config</c>).</summary>
internal sealed record HeaderToMetadataConfig : FilterConfig
{
    public ImmutableArray<MetadataRuleConfig> Request { get; init; } = [];

    public ImmutableArray<MetadataRuleConfig> Response { get; init; } = [];
}

/// <summary>What becomes of one header, or of one cookie.</summary>
/// <param name="Name">The header's name in lower case, or the cookie's.</param>
/// <param name="IsCookie">Whether it is a cookie.</param>
internal sealed record MetadataRuleConfig(string Name, bool IsCookie)
{
    /// <summary>What is set where it is there.</summary>
    public MetadataEntryConfig? OnPresent { get; init; }

    /// <summary>What is set where it is not.</summary>
    public MetadataEntryConfig? OnMissing { get; init; }

    /// <summary>Whether the header goes.</summary>
    public bool Removes { get; init; }
}

/// <summary>One entry of the metadata.</summary>
/// <param name="Namespace">Whose it is.</param>
/// <param name="Key">Its key.</param>
internal sealed record MetadataEntryConfig(string Namespace, string Key)
{
    /// <summary>What <c>metadata_namespace</c> is where it is unset.</summary>
    public const string DefaultNamespace = "envoy.filters.http.header_to_metadata";

    /// <summary>The value; empty for what the header says.</summary>
    public string Value { get; init; } = "";

    /// <summary>What is made of what the header says.</summary>
    public RegexRewrite? Rewrite { get; init; }

    /// <summary>Whether the value is a number: what is none is left out.</summary>
    public bool IsNumber { get; init; }

    /// <summary>Whether the value is Base64, to be decoded: what cannot be is left out.</summary>
    public bool IsBase64 { get; init; }
}
