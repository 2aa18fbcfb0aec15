using System.Net;
using ProxylessMesh.Configuration;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>Why a request could not be sent: a value on the request road, an exception or a gRPC status at the caller's edge.</summary>
internal sealed record MeshFailure(MeshFailureReason Reason, string Message, Exception? InnerException = null)
{
    private const string Unavailable = "14";

    /// <summary>The last endpoint that was tried refused the connection, or the request.</summary>
    public static MeshFailure Refused(string cluster, EndpointAddress endpoint, HttpRequestException refusal) => refusal.InnerException switch
    {
        EndpointConnectException or RequestSpentException { InnerException: HttpRequestException { InnerException: EndpointConnectException } }
            => new(MeshFailureReason.ConnectFailure, $"cluster '{cluster}': {refusal.InnerException.Message}", refusal),
        RequestSpentException => new(MeshFailureReason.RequestRefused, $"cluster '{cluster}': {refusal.InnerException.Message}", refusal),
        _ => new(MeshFailureReason.RequestRefused, $"cluster '{cluster}': endpoint {endpoint} refused the request: {refusal.InnerException?.Message}", refusal),
    };

    /// <summary>
    /// Hands the failure to the caller in its own language: an <see cref="MeshRequestException"/>, or for a gRPC call a
    /// Trailers-Only response, which its client turns into an RpcException with this status and text.
    /// </summary>
    public Task<HttpResponseMessage> ToCallerAsync(HttpRequestMessage request)
    {
        if (!IsGrpc(request))
        {
            return Task.FromException<HttpResponseMessage>(new MeshRequestException(Reason, Message, InnerException));
        }

        var response = new HttpResponseMessage(HttpStatusCode.OK)
        {
            RequestMessage = request,
            Version = HttpVersion.Version20,
            Content = new ByteArrayContent([]),
        };
        response.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        response.Headers.TryAddWithoutValidation("grpc-status", Unavailable);
        response.Headers.TryAddWithoutValidation("grpc-message", Uri.EscapeDataString(Message));
        return Task.FromResult(response);
    }

    public static bool IsGrpc(HttpRequestMessage request)
        => request.Content?.Headers.ContentType?.MediaType is { } type
            && (type.Equals("application/grpc", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/grpc+", StringComparison.OrdinalIgnoreCase));
}
