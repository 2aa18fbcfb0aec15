using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>
/// What a mesh.yaml says, each list in the order of the file's documents. The order is part of the meaning: where Istio lets
/// the oldest resource win, the first in the file wins, because a file has no creation times.
/// </summary>
internal sealed record MeshModel(
    ImmutableArray<ServiceEntry> ServiceEntries,
    ImmutableArray<VirtualService> VirtualServices,
    ImmutableArray<DestinationRule> DestinationRules)
{
    public static readonly MeshModel Empty = new([], [], []);
}
