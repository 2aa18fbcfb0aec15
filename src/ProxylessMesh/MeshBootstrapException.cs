namespace ProxylessMesh;

/// <summary>
/// The bootstrap, which tells the mesh its control plane and its own identity, cannot be used. Thrown at start, never later.
/// The message names the origin, the place in it, what is wrong and what to change; it never quotes what may be secret.
/// </summary>
public sealed class MeshBootstrapException : Exception
{
    internal MeshBootstrapException(string origin, string? jsonPath, string problem, string remedy, Exception? innerException = null)
        : base(Describe(origin, jsonPath, problem, remedy), innerException)
    {
        Origin = origin;
        JsonPath = jsonPath;
    }

    /// <summary>Where the bootstrap came from: an environment variable, a file or a configuration key, in words.</summary>
    public string Origin { get; }

    /// <summary>The place of the error, such as <c>$.xds_servers[0].channel_creds</c>; <see langword="null"/> when the whole could not be read.</summary>
    public string? JsonPath { get; }

    private static string Describe(string origin, string? jsonPath, string problem, string remedy) =>
        jsonPath is null
            ? $"The xDS bootstrap of {origin} {problem}. {remedy}"
            : $"The xDS bootstrap of {origin}: {jsonPath} {problem}. {remedy}";
}
