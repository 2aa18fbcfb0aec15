namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// Picks the endpoint of a request from a fixed list. Built anew whenever the list changes and immutable but for lock-free
/// counters: safe for concurrent use, takes no lock, allocates nothing.
/// </summary>
internal abstract class EndpointPicker
{
    /// <summary>Whether a pick goes by the request's hash, so that it is worth computing.</summary>
    public virtual bool NeedsHash => false;

    public abstract PickResult Pick(in PickContext context);
}
