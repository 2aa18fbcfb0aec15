namespace ProxylessMesh.LoadBalancing;

/// <summary>What a picker picked.</summary>
/// <param name="Index">The endpoint's place in the list that the picker was built from.</param>
internal readonly record struct PickResult(int Index)
{
    /// <summary>There is no endpoint to pick.</summary>
    public static PickResult None => new(-1);

    public bool IsNone => Index < 0;
}
