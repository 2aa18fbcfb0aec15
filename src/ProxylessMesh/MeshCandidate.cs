namespace ProxylessMesh;

/// <summary>A virtual host or a route that a request might have gone to, and why it did not.</summary>
public sealed record MeshCandidate
{
    /// <summary>Its name; a route without one is called by its place in its virtual host, such as <c>#0</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The first reason why it was not taken. Says nothing of what the request's headers and query hold.</summary>
    /// <value><see langword="null"/>: it was taken.</value>
    public string? Rejection { get; init; }
}
