
namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>What routes make of a request: either it goes to <see cref="Cluster"/>, or it is answered with <see cref="Status"/>.</summary>
public sealed record RouteCheckResult
{
    internal RouteCheckResult()
    {
    }

    /// <summary>The virtual host that answers; empty when there is none.</summary>
    public string VirtualHost { get; internal init; } = "";

    /// <summary>The route's name; empty when it has none, or when no route matches.</summary>
    public string Route { get; internal init; } = "";

    /// <summary>The virtual cluster under which statistics count the request; <c>other</c> when it fits none, empty when the virtual host has none.</summary>
    public string VirtualCluster { get; internal init; } = "";

    /// <summary>Where it goes; empty when it is answered.</summary>
    public string Cluster { get; internal init; } = "";

    /// <summary>The host that is sent.</summary>
    public string Host { get; internal init; } = "";

    /// <summary>The path and query that are sent.</summary>
    public string Path { get; internal init; } = "";

    /// <summary>Where a redirect leads: the value of <c>location</c>; empty when it is none.</summary>
    public string Redirect { get; internal init; } = "";

    /// <summary>The status of an answer: of a redirect, of a direct response, 404 when nothing matches, or the route's own for a cluster that does not exist. 0 when the request goes on.</summary>
    public int Status { get; internal init; }

    /// <summary>The body of a direct response.</summary>
    public string Body { get; internal init; } = "";

    /// <summary>How long the request may take; <see langword="null"/> for no end.</summary>
    public TimeSpan? Timeout { get; internal init; }

    /// <summary>Whether the host is that of the endpoint picked later (<c>auto_host_rewrite</c>).</summary>
    public bool TakesEndpointHost { get; internal init; }

    /// <summary>The request's headers as they are sent, pseudo-headers included, names in lower case.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> RequestHeaders { get; internal init; } = [];

    /// <summary>The response's headers as the caller gets them, names in lower case.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ResponseHeaders { get; internal init; } = [];
}
