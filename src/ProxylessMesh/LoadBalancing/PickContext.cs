namespace ProxylessMesh.LoadBalancing;

/// <summary>What a picker is told of the request it picks for.</summary>
/// <param name="Random">The randomness to draw from.</param>
internal readonly record struct PickContext(IRandomSource Random);
