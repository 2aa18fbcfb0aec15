using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>The shape in which istiod answers a client.</summary>
internal enum ClientDialect
{
    /// <summary>One listener and route configuration per service and port, by name: what <c>GENERATOR=grpc</c> asks for.</summary>
    Grpc,

    /// <summary>Every cluster, and one route configuration per port: what an Istio sidecar asks for.</summary>
    Sidecar,
}

/// <summary>What about a client decides what it sees. Compared by value.</summary>
internal sealed record MeshClient
{
    /// <summary>A client that says nothing of itself.</summary>
    public static readonly MeshClient Default = new();

    public ClientDialect Dialect { get; init; } = ClientDialect.Grpc;

    public string Namespace { get; init; } = ResourceIdentity.DefaultNamespace;

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary><c>region/zone/subzone</c>; empty when unknown.</summary>
    public string Locality { get; init; } = "";

    public bool Equals(MeshClient? other)
        => other is not null
            && Dialect == other.Dialect
            && Namespace == other.Namespace
            && Locality == other.Locality
            && Labels.Count == other.Labels.Count
            && new LabelSelector(Labels).Selects(other.Labels);

    public override int GetHashCode() => HashCode.Combine(Dialect, Namespace, Locality, Labels.Count);
}
