using System.Net;

namespace ProxylessMesh;

/// <summary>
/// The mesh could not send a request, or its route's time for it is over; the latter may also come from a read of the response's
/// body. The message names the stage, the resource and the reason. A gRPC call fails with status UNAVAILABLE (DEADLINE_EXCEEDED
/// when a <c>max_stream_duration</c> is over) and the same text instead.
/// </summary>
public sealed class MeshRequestException : HttpRequestException
{
    internal MeshRequestException(MeshFailureReason reason, string message, Exception? innerException)
        : base(ErrorOf(reason), message, innerException, StatusOf(reason)) => Reason = reason;

    /// <summary>The stage that failed, and why.</summary>
    public MeshFailureReason Reason { get; }

    /// <summary>
    /// What became of the request in Envoy's short names, as <c>%RESPONSE_FLAGS%</c> has them in an access log: <c>NR</c> no route, <c>NC</c> no
    /// cluster, <c>UH</c> no healthy endpoint, <c>UF</c> no connection, <c>UT</c> the route's timeout. Several are joined by commas.
    /// </summary>
    /// <value>Empty where Envoy has none, as for a <c>max_stream_duration</c> that is over.</value>
    public string ResponseFlags { get; internal init; } = "";

    /// <summary>Why, in Envoy's words (<c>%RESPONSE_CODE_DETAILS%</c>), such as <c>route_not_found</c> or <c>response_timeout</c>.</summary>
    public string ResponseDetails { get; internal init; } = "";

    private static HttpRequestError ErrorOf(MeshFailureReason reason) => reason switch
    {
        MeshFailureReason.NoListener => HttpRequestError.NameResolutionError,
        MeshFailureReason.NoHealthyEndpoint or MeshFailureReason.ConnectFailure or MeshFailureReason.RequestRefused => HttpRequestError.ConnectionError,
        MeshFailureReason.ConnectionReset => HttpRequestError.ResponseEnded,
        _ => HttpRequestError.Unknown,
    };

    /// <summary>What a proxy in our place would have answered (Envoy's local replies).</summary>
    private static HttpStatusCode StatusOf(MeshFailureReason reason) => reason switch
    {
        MeshFailureReason.NoRoute => HttpStatusCode.NotFound,
        MeshFailureReason.Timeout or MeshFailureReason.IdleTimeout => HttpStatusCode.GatewayTimeout,
        _ => HttpStatusCode.ServiceUnavailable,
    };
}
