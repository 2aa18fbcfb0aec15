using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Headers to set, add and remove (<c>Headers</c>), of a route or of one of its destinations.</summary>
internal sealed record HeaderOperations
{
    public static readonly HeaderOperations None = new();

    public HeaderChanges Request { get; init; } = HeaderChanges.None;

    public HeaderChanges Response { get; init; } = HeaderChanges.None;

    /// <summary>The host that the request's <c>set</c> or <c>add</c> gives by <c>host</c> or <c>:authority</c>; empty when neither does.</summary>
    public string Authority { get; init; } = "";
}

/// <summary>The changes to the headers of one direction. Names are in lower case.</summary>
internal sealed record HeaderChanges
{
    public static readonly HeaderChanges None = new();

    /// <summary>Replaced, or added when absent.</summary>
    public ImmutableSortedDictionary<string, string> Set { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Added beside what is there.</summary>
    public ImmutableSortedDictionary<string, string> Add { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableArray<string> Remove { get; init; } = [];
}
