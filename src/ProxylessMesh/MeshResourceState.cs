namespace ProxylessMesh;

/// <summary>
/// Where the mesh stands with one resource of the control plane: Envoy's <c>ClientResourceStatus</c>, with its values. The last good
/// version of a resource stays in use in every state, unless the control plane asked for failures (<c>fail_on_data_errors</c>).
/// </summary>
public enum MeshResourceState
{
    /// <summary>Asked for; nothing was said about it yet.</summary>
    Requested = 1,

    /// <summary>The control plane has no such resource: it said so, deleted it, or was silent for 15 seconds (gRFC A57).</summary>
    DoesNotExist = 2,

    /// <summary>The last version sent was accepted, and is in use.</summary>
    Acked = 3,

    /// <summary>The last version sent was rejected.</summary>
    Nacked = 4,

    /// <summary>The control plane says that it cannot give the resource (xRFC TP3).</summary>
    ReceivedError = 5,

    /// <summary>A control plane with <c>resource_timer_is_transient_error</c> was silent for 30 seconds (gRFC A88).</summary>
    Timeout = 6,
}
