using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>What happens to traffic once its host is chosen: <c>networking.istio.io DestinationRule</c>.</summary>
internal sealed record DestinationRule
{
    public required ResourceIdentity Identity { get; init; }

    public required HostReference Host { get; init; }

    /// <summary><see langword="null"/> when the rule has none.</summary>
    public TrafficPolicy? TrafficPolicy { get; init; }

    public ImmutableArray<Subset> Subsets { get; init; } = [];

    /// <summary><see langword="null"/>: the mesh's default.</summary>
    public ExportScope? ExportTo { get; init; }

    /// <summary>The clients it is for, in its own namespace; <see langword="null"/>: all.</summary>
    public LabelSelector? Workloads { get; init; }
}

/// <summary>A named part of a host's endpoints: those that carry all of <see cref="Labels"/>.</summary>
internal sealed record Subset
{
    public required string Name { get; init; }

    public required SourceField Source { get; init; }

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Goes over the rule's; <see langword="null"/> when the subset has none.</summary>
    public TrafficPolicy? TrafficPolicy { get; init; }

    public bool Selects(WorkloadEndpoint endpoint) => new LabelSelector(Labels).Selects(endpoint.Labels);
}
