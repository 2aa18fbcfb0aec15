namespace ProxylessMesh.Configuration;

/// <summary>Why a resource cannot be used.</summary>
internal enum ResourceErrorKind
{
    /// <summary>The control plane says, or its silence for the resource timer's length means, that there is no such resource.</summary>
    DoesNotExist,

    /// <summary>The resource came and was rejected (NACK), and no earlier version is held.</summary>
    Invalid,

    /// <summary>The control plane could not be reached, and no earlier version is held.</summary>
    ControlPlaneUnreachable,

    /// <summary>The name is malformed, or of an authority that the bootstrap does not have: there is nobody to ask.</summary>
    InvalidName,

    /// <summary>The cluster is named by DNS, and its names do not resolve.</summary>
    NameResolutionFailed,
}

/// <summary>Why a resource cannot be used, in words for the caller: names the resource, the control plane and this node.</summary>
internal sealed record ResourceError(ResourceErrorKind Kind, string Message);
