namespace ProxylessMesh.LoadBalancing;

/// <summary>What a picker is told of the request it picks for.</summary>
/// <param name="Random">The randomness to draw from.</param>
internal readonly record struct PickContext(IRandomSource Random)
{
    /// <summary>The request's hash, where its cluster's picker asks for one (<see cref="EndpointPicker.NeedsHash"/>).</summary>
    public RequestHash Hash { get; init; }

    /// <summary>
    /// How many endpoints a picker with an order of its own is to pass over, because they were offered for this attempt and not
    /// taken. Pickers that draw anew every time need not care.
    /// </summary>
    public int Skip { get; init; }
}
