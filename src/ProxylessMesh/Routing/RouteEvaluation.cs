using ProxylessMesh.Messages;

namespace ProxylessMesh.Routing;

/// <summary>What becomes of a <see cref="RouteRequest"/>: either it goes to <see cref="Cluster"/>, or the mesh answers with <see cref="Status"/>.</summary>
internal sealed class RouteEvaluation
{
    private readonly HeaderMutations? _headers;
    private readonly HeaderFormatContext? _context;

    public RouteEvaluation(HeaderList request, HeaderMutations? headers = null, HeaderFormatContext? context = null)
    {
        Request = request;
        _headers = headers;
        _context = context;
    }

    /// <summary>The request's headers as they are sent, pseudo-headers included.</summary>
    public HeaderList Request { get; }

    public string Host => Request.GetHeader(":authority").ToString();

    public string Path => Request.GetHeader(":path").ToString();

    public string? VirtualHost { get; init; }

    public string? Route { get; init; }

    public string? VirtualCluster { get; init; }

    /// <summary><see langword="null"/> when the mesh answers by itself.</summary>
    public string? Cluster { get; init; }

    /// <summary>Where to ask instead: the value of <c>location</c>.</summary>
    public string? Redirect { get; init; }

    /// <summary>The status of the mesh's own answer, before a gRPC caller gets it as one of gRPC's; 0 when the request goes on.</summary>
    public int Status { get; init; }

    /// <summary>The body of the mesh's own answer.</summary>
    public string Body { get; init; } = "";

    /// <summary>How long the request may take; <see langword="null"/> for no end.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether the host is that of the endpoint that is picked (<c>auto_host_rewrite</c>).</summary>
    public bool TakesEndpointHost { get; init; }

    /// <summary>Does to a response's headers what the routes say.</summary>
    /// <param name="status">The response's status.</param>
    /// <param name="response">Its headers; changed in place.</param>
    public void Apply(int status, HeaderList response)
    {
        if (_context is not null)
        {
            _headers?.ApplyToResponse(response, _context with { Response = response, ResponseCode = status });
        }
    }
}
