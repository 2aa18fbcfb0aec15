namespace ProxylessMesh.LoadBalancing;

/// <summary>What a picker may ask of a live endpoint. Read without a lock, while requests come and go.</summary>
internal interface IEndpointLoad
{
    /// <summary>Requests sent to the endpoint and not yet complete; a request completes with its response's body.</summary>
    int ActiveRequests { get; }

    /// <summary>Whether connecting has just failed, so that another endpoint should be preferred.</summary>
    bool IsBackingOff { get; }
}
