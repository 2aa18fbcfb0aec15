namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>A request to ask routes about.</summary>
public sealed record RouteCheckRequest
{
    /// <summary>What it says in Host or <c>:authority</c>, with its port if it has one.</summary>
    public required string Authority { get; init; }

    /// <summary>Path and query.</summary>
    public required string Path { get; init; }

    /// <summary>The method.</summary>
    /// <value>Default: GET.</value>
    public string Method { get; init; } = "GET";

    /// <summary>Takes the place of every draw, modulo its range: that of weighted clusters, and that of a route's <c>runtime_fraction</c>.</summary>
    /// <value>Default: 0.</value>
    public ulong RandomValue { get; init; }

    /// <summary>Whether it came by TLS.</summary>
    /// <value>Default: <see langword="false"/>.</value>
    public bool IsTls { get; init; }

    /// <summary>Whether its caller belongs to the mesh, so that <c>internal_only_headers</c> are believed and <c>require_tls: EXTERNAL_ONLY</c> does not concern it.</summary>
    /// <value>Default: <see langword="false"/>.</value>
    public bool IsInternal { get; init; }

    /// <summary>Further headers, in order; a name may come several times.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The headers of the backend's response, on which the routes' mutations act.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<KeyValuePair<string, string>> ResponseHeaders { get; init; } = [];
}
