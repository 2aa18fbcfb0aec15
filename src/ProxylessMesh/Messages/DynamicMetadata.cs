using System.Collections.Concurrent;

namespace ProxylessMesh.Messages;

/// <summary>
/// What filters have found out about one request, for those who come after them. It travels in the options of the request as filters have left it,
/// a copy of the caller's, so that requests without it carry nothing. Thread-safe.
/// </summary>
internal sealed class DynamicMetadata
{
    private static readonly HttpRequestOptionsKey<DynamicMetadata> Key = new("ProxylessMesh.DynamicMetadata");

    private readonly ConcurrentDictionary<(string Namespace, string Key), MetadataValue> _values = new();

    /// <summary>The request's, or <see langword="null"/>. Looks into the request's options: ask only where metadata is wanted.</summary>
    public static DynamicMetadata? Of(HttpRequestMessage request) => request.Options.TryGetValue(Key, out var found) ? found : null;

    /// <summary>The request's, made where there is none.</summary>
    /// <param name="copy">The request: never the caller's own.</param>
    public static DynamicMetadata Ensure(HttpRequestMessage copy)
    {
        if (Of(copy) is { } found)
        {
            return found;
        }

        var made = new DynamicMetadata();
        copy.Options.Set(Key, made);
        return made;
    }

    public MetadataValue? Find(string scope, string key) => _values.TryGetValue((scope, key), out var value) ? value : null;

    public void Set(string scope, string key, MetadataValue value) => _values[(scope, key)] = value;
}

/// <summary>One value.</summary>
/// <param name="Text">As it is written.</param>
/// <param name="IsNumber">Whether it is a number; otherwise a string.</param>
internal readonly record struct MetadataValue(string Text, bool IsNumber);
