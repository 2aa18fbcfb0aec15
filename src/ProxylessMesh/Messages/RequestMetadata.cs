using System.Text.Json.Nodes;

namespace ProxylessMesh.Messages;

/// <summary>
/// What filters have noted about one request, for filters and header values after them (Envoy's dynamic metadata): values by namespace and
/// key. It travels with the copy of the request that the filter sends on; a request about which nothing is noted has none. Written by one
/// filter at a time.
/// </summary>
internal sealed class RequestMetadata
{
    private static readonly HttpRequestOptionsKey<RequestMetadata> Key = new("ProxylessMesh.Metadata");

    private readonly Dictionary<string, JsonObject> _namespaces = new(StringComparer.Ordinal);

    /// <returns>What is noted about a request, or <see langword="null"/>.</returns>
    public static RequestMetadata? Of(HttpRequestMessage request) => request.Options.TryGetValue(Key, out var metadata) ? metadata : null;

    /// <summary>For a filter that is about to note something: a request of its own, whose notes do not show in the one before it.</summary>
    public static RequestMetadata For(HttpRequestMessage copy)
    {
        var metadata = new RequestMetadata();
        foreach (var (name, values) in Of(copy)?._namespaces ?? [])
        {
            metadata._namespaces[name] = values.DeepClone().AsObject();
        }

        copy.Options.Set(Key, metadata);
        return metadata;
    }

    public void Set(string name, string key, JsonNode? value)
    {
        if (!_namespaces.TryGetValue(name, out var values))
        {
            _namespaces[name] = values = [];
        }

        values[key] = value;
    }

    /// <param name="name">The namespace.</param>
    /// <param name="path">The keys, from the outside inwards; none for the whole namespace.</param>
    /// <returns><see langword="null"/> where there is nothing.</returns>
    public JsonNode? Find(string name, params IEnumerable<string> path)
    {
        JsonNode? found = _namespaces.GetValueOrDefault(name);
        foreach (var key in path)
        {
            found = found is JsonObject values ? values[key] : null;
        }

        return found;
    }
}
