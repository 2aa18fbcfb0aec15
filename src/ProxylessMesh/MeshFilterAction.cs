namespace ProxylessMesh;

/// <summary>What an HTTP filter did with a request.</summary>
/// <param name="Name">The filter's name in the listener.</param>
/// <param name="Action">What it did.</param>
public sealed record MeshFilterAction(string Name, string Action);
