namespace ProxylessMesh;

/// <summary>One resource that the mesh asks its control plane for, as it stands at one moment. Holds nothing of the resource's content.</summary>
public sealed record MeshResource
{
    /// <summary>The type, such as <c>type.googleapis.com/envoy.config.cluster.v3.Cluster</c>.</summary>
    public required string TypeUrl { get; init; }

    /// <summary>The name it is asked for by.</summary>
    public required string Name { get; init; }

    /// <summary>Where the mesh stands with it.</summary>
    public required MeshResourceState State { get; init; }

    /// <summary>Whether a version of it is in use, be it an older one than was sent last.</summary>
    public required bool IsInUse { get; init; }

    /// <summary>The version of the last response that brought it and was accepted for it; empty before the first.</summary>
    public required string Version { get; init; }

    /// <summary>When that response came.</summary>
    /// <value><see langword="null"/> before the first.</value>
    public DateTimeOffset? LastUpdated { get; init; }

    /// <summary>The control plane that spoke about it last, as the bootstrap names it.</summary>
    /// <value><see langword="null"/> before any has.</value>
    public string? ControlPlane { get; init; }

    /// <summary>What went wrong with it since it was accepted last.</summary>
    /// <value><see langword="null"/>: nothing.</value>
    public MeshResourceError? Error { get; init; }
}
