using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>
/// What a mesh.yaml says, each list in the order of the file's documents. The order is part of the meaning: where Istio lets
/// the oldest resource win, the first in the file wins, because a file has no creation times.
/// </summary>
internal sealed record MeshModel
{
    public MeshSettings Settings { get; init; } = MeshSettings.Default;

    public ImmutableArray<ServiceEntry> ServiceEntries { get; init; } = [];

    public ImmutableArray<VirtualService> VirtualServices { get; init; } = [];

    public ImmutableArray<DestinationRule> DestinationRules { get; init; } = [];

    public ImmutableArray<WorkloadEntry> WorkloadEntries { get; init; } = [];

    public ImmutableArray<SidecarScope> Sidecars { get; init; } = [];

    public ImmutableArray<KubernetesService> Services { get; init; } = [];

    public ImmutableArray<EndpointSlice> EndpointSlices { get; init; } = [];

    public ImmutableArray<Pod> Pods { get; init; } = [];

    public ImmutableArray<KubernetesNode> Nodes { get; init; } = [];

    public ImmutableArray<GatewayRoute> GatewayRoutes { get; init; } = [];

    public ImmutableArray<ReferenceGrant> ReferenceGrants { get; init; } = [];

    public ImmutableArray<EnvoyFilter> EnvoyFilters { get; init; } = [];
}
