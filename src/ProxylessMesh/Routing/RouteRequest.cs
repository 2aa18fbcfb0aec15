using System.Collections.Immutable;

namespace ProxylessMesh.Routing;

/// <summary>A request to ask routes about, without sending it.</summary>
internal sealed record RouteRequest
{
    /// <summary>What it says in Host or <c>:authority</c>, with its port if it has one.</summary>
    public required string Authority { get; init; }

    /// <summary>Path and query.</summary>
    public required string Path { get; init; }

    public string Method { get; init; } = "GET";

    /// <summary>Takes the place of every draw, modulo its range.</summary>
    public ulong RandomValue { get; init; }

    /// <summary>Whether it came by TLS.</summary>
    public bool IsTls { get; init; }

    /// <summary>Whether its caller belongs to the mesh, so that internal headers are believed.</summary>
    public bool IsInternal { get; init; }

    public ImmutableArray<KeyValuePair<string, string>> Headers { get; init; } = [];

    public string Protocol { get; init; } = "HTTP/1.1";

    public DateTimeOffset StartTime { get; init; }
}
