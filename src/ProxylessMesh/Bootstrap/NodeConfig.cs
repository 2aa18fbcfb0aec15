using System.Text.Json;

namespace ProxylessMesh.Bootstrap;

/// <summary>Who this process is to the control plane (<c>node</c>).</summary>
internal sealed record NodeConfig
{
    public static readonly NodeConfig Empty = new();

    public string Id { get; init; } = "";

    public string Cluster { get; init; } = "";

    public NodeLocality Locality { get; init; } = NodeLocality.Empty;

    /// <summary>A JSON object, passed on whole; <see langword="null"/> when there is none.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Istio: for what kind of client the control plane makes resources (metadata <c>GENERATOR</c>); <see langword="null"/> when it is not said.</summary>
    public string? Generator
        => Metadata is { ValueKind: JsonValueKind.Object } metadata && metadata.TryGetProperty("GENERATOR", out var generator) && generator.ValueKind == JsonValueKind.String
            ? generator.GetString()
            : null;
}

/// <summary>Where this process runs (<c>node.locality</c>); parts not given are empty.</summary>
internal sealed record NodeLocality(string Region, string Zone, string SubZone)
{
    public static readonly NodeLocality Empty = new("", "", "");
}
