namespace ProxylessMesh.Http;

/// <summary>Where a handler gets the request's road from: the mesh, which its first request may have to start.</summary>
internal interface IMeshPipelineSource
{
    /// <summary>The request's road, or <see langword="null"/> before the mesh has started.</summary>
    MeshPipeline? Pipeline { get; }

    /// <summary>Starts the mesh; once it is, returns at once.</summary>
    Task<MeshPipeline> StartAsync(CancellationToken cancellationToken);
}
