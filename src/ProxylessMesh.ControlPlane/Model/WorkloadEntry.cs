namespace ProxylessMesh.ControlPlane.Model;

/// <summary>A workload outside Kubernetes: <c>networking.istio.io WorkloadEntry</c>. Selected by its labels.</summary>
internal sealed record WorkloadEntry(ResourceIdentity Identity, WorkloadEndpoint Endpoint);
