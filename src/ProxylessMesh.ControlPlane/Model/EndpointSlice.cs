using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>A Kubernetes <c>EndpointSlice</c>: endpoints of the Service that its label names.</summary>
internal sealed record EndpointSlice
{
    public required ResourceIdentity Identity { get; init; }

    public required string ServiceName { get; init; }

    public required SourceField Source { get; init; }

    /// <summary>Port number by the Service's port name; an endpoint serves these and no other.</summary>
    public ImmutableSortedDictionary<string, int> Ports { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    public ImmutableArray<SliceEndpoint> Endpoints { get; init; } = [];
}

/// <summary>One entry of <c>endpoints[]</c>.</summary>
/// <param name="Source">Where it is written.</param>
/// <param name="Address">Its first address; the others name the same thing.</param>
/// <param name="IsReady"><c>conditions.ready</c>, which is true when not given.</param>
/// <param name="PodName">Of <c>targetRef</c>; empty when it is no pod.</param>
/// <param name="NodeName">Empty when not given.</param>
internal sealed record SliceEndpoint(SourceField Source, string Address, bool IsReady, string PodName, string NodeName);
