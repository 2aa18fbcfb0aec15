using ProxylessMesh.LoadBalancing;

namespace ProxylessMesh.Tests.LoadBalancing;

/// <summary>An endpoint whose load a test sets.</summary>
internal sealed class EndpointLoad : IEndpointLoad
{
    public int ActiveRequests { get; set; }

    public bool IsBackingOff { get; set; }

    public static EndpointLoad[] Idle(int count) => [.. Enumerable.Range(0, count).Select(static _ => new EndpointLoad())];
}
