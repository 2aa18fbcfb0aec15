namespace ProxylessMesh;

/// <summary>What went wrong with a resource last.</summary>
public sealed record MeshResourceError
{
    /// <summary>What is wrong; for a rejected resource every rule broken, each with the path of its field.</summary>
    public required string Message { get; init; }

    /// <summary>The version of the response that brought it; empty when none did, as for silence.</summary>
    public required string Version { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset Time { get; init; }
}
