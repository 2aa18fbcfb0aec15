namespace ProxylessMesh.Messages;

/// <summary>What the values of headers to add may say about a request and its response.</summary>
internal sealed record HeaderFormatContext
{
    /// <summary>The request's headers as they stand, pseudo-headers included.</summary>
    public required IHeaderMap Request { get; init; }

    /// <summary>The request as filters have left it, for what they have noted; <see langword="null"/> where there are no filters.</summary>
    public HttpRequestMessage? Message { get; init; }

    /// <summary>The response's headers, once it is there.</summary>
    public IHeaderMap? Response { get; init; }

    /// <summary>0 until there is a response.</summary>
    public int ResponseCode { get; init; }

    /// <summary>The path and query before any rewrite.</summary>
    public required string OriginalPath { get; init; }

    /// <summary>For example <c>HTTP/1.1</c>.</summary>
    public required string Protocol { get; init; }

    public required DateTimeOffset StartTime { get; init; }

    public string RouteName { get; init; } = "";

    public string VirtualHostName { get; init; } = "";

    public string? VirtualClusterName { get; init; }

    public string? ClusterName { get; init; }
}
