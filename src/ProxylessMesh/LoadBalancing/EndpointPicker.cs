namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// Picks the endpoint of a request from a fixed list. Built anew whenever the list changes and immutable but for lock-free
/// counters: safe for concurrent use, takes no lock, allocates nothing.
/// </summary>
internal abstract class EndpointPicker
{
    public abstract PickResult Pick(in PickContext context);
}
