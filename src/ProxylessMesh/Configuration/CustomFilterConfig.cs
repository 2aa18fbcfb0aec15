namespace ProxylessMesh.Configuration;

/// <summary>The configuration of a filter of the application's own.</summary>
internal sealed record CustomFilterConfig : FilterConfig
{
    /// <summary>Who has read it, and makes filters of it.</summary>
    public required IHttpFilterFactory Factory { get; init; }

    /// <summary>As the factory has read it.</summary>
    public required object Configuration { get; init; }
}
