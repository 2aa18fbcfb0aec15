using ProxylessMesh.Messages;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Filters;

/// <summary>A request as a filter sees it. Immutable, on the stack.</summary>
/// <param name="Message">The request as the filters before have left it: the caller's own, or a copy.</param>
/// <param name="Route">Where it stands.</param>
/// <param name="Host">Its authority.</param>
/// <param name="Path">Its path and query where they are other than its URI's, as when they were normalized.</param>
internal readonly record struct FilterRequest(HttpRequestMessage Message, FilterRoute Route, string Host, string? Path)
{
    /// <summary>The cluster that it goes to, by whatever means it was chosen; empty where its route answers it.</summary>
    public string ClusterName { get; init; } = "";

    /// <summary>Where a filter may note what it did, and what Envoy's words for its answer are; <see langword="null"/> when nobody asks.</summary>
    public RequestExplanation? Explanation { get; init; }

    /// <summary>Its headers, pseudo-headers included.</summary>
    public RequestHeaders Headers => new(Message, Message.Headers.Host ?? Host, Path);
}
