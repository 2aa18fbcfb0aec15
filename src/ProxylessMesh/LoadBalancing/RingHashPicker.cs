namespace ProxylessMesh.LoadBalancing;

/// <summary>Ring hash (<c>RING_HASH</c>, gRFC A42).</summary>
/// <param name="ring">The ring; shared with the pickers before and after that have the same.</param>
/// <param name="loads">The loads of all the cluster's endpoints.</param>
internal sealed class RingHashPicker(HashRing ring, IEndpointLoad[] loads) : HashingPicker(ring.Owners, ring.Members, loads, ring.Config.BalanceFactor)
{
    public HashRing Ring => ring;

    private protected override int PlaceOf(ulong hash) => ring.Find(hash);
}
