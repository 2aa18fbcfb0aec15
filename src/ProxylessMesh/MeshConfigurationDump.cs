namespace ProxylessMesh;

/// <summary>What the mesh asks of its control plane and what became of it, at one moment (gRFC A40, without its protobuf types).</summary>
public sealed record MeshConfigurationDump
{
    /// <summary>Every resource asked for, by type and name; empty before the mesh has started.</summary>
    public required IReadOnlyList<MeshResource> Resources { get; init; }
}
