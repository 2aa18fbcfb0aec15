namespace ProxylessMesh.Telemetry;

/// <summary>What became of the copy of a request.</summary>
internal enum MirrorOutcome
{
    /// <summary>It was answered, whatever the answer.</summary>
    Sent,

    /// <summary>There was no endpoint for it, there were too many already, or it could not keep up with its request.</summary>
    Dropped,

    /// <summary>It was sent and not answered, in time or at all.</summary>
    Failed,
}
