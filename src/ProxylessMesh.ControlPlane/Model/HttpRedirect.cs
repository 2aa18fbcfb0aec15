namespace ProxylessMesh.ControlPlane.Model;

/// <summary>A route that answers with a redirect (<c>HTTPRedirect</c>). What is not given stays as the request has it.</summary>
internal sealed record HttpRedirect
{
    /// <summary>The status: 301, 302, 303, 307 or 308.</summary>
    public int Code { get; init; } = 301;

    /// <summary>Replaces the whole path; empty keeps it.</summary>
    public string Uri { get; init; } = "";

    /// <summary>Replaces the prefix that the match names; excludes <see cref="Uri"/>. <see langword="null"/> keeps it.</summary>
    public string? PrefixUri { get; init; }

    /// <summary>The new host; empty keeps it.</summary>
    public string Authority { get; init; } = "";

    /// <summary><c>http</c> or <c>https</c>; empty keeps it.</summary>
    public string Scheme { get; init; } = "";

    public int? Port { get; init; }

    /// <summary><c>derivePort: FROM_REQUEST_PORT</c>: the port of the listener that the routes are generated for.</summary>
    public bool IsRequestPort { get; init; }
}
