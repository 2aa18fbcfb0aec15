namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// What a request is told apart by: equal hashes go to the same endpoint. 8 bytes, because it travels with every request: zero
/// stands for none, and the one hash in 2^64 that is zero counts as 1.
/// </summary>
internal readonly record struct RequestHash
{
    private readonly ulong _value;

    public RequestHash(ulong value) => _value = value == 0 ? 1 : value;

    /// <summary>The request has none: hashing balancers pick at random.</summary>
    public static RequestHash None => default;

    public bool IsNone => _value == 0;

    public ulong Value => _value;
}
