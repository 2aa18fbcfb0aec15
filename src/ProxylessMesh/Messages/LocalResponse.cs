using System.Net;
using System.Text;

namespace ProxylessMesh.Messages;

/// <summary>An answer of the mesh itself: a redirect or a direct response. Stateless.</summary>
internal static class LocalResponse
{
    /// <param name="request">The caller's request.</param>
    /// <param name="status">The status; a gRPC caller gets it as one of gRPC's.</param>
    /// <param name="location">The value of <c>location</c>, for a redirect.</param>
    /// <param name="body">The body; a gRPC caller gets it as <c>grpc-message</c>.</param>
    /// <param name="reason">Why, for a person: the reason phrase, or <c>grpc-message</c> for a gRPC caller.</param>
    /// <param name="headers">What the routes do to the headers of responses.</param>
    /// <param name="context">What those may say; needed where there are any.</param>
    /// <param name="grpcStatus">What a gRPC caller gets where it is not what <paramref name="status"/> means to gRPC.</param>
    public static HttpResponseMessage Create(
        HttpRequestMessage request, int status, string? location = null, string body = "", string reason = "", HeaderMutations? headers = null, HeaderFormatContext? context = null, string? grpcStatus = null)
    {
        var isGrpc = GrpcMessage.IsGrpc(request);
        var response = new HttpResponseMessage((HttpStatusCode)(isGrpc ? 200 : status))
        {
            RequestMessage = request,
            Version = isGrpc ? HttpVersion.Version20 : request.Version,
            Content = new ByteArrayContent(isGrpc || request.Method == HttpMethod.Head ? [] : Encoding.UTF8.GetBytes(body)),
        };
        if (reason.Length > 0 && !isGrpc)
        {
            response.ReasonPhrase = reason.ReplaceLineEndings(" ");
        }

        var map = new ResponseHeaderMap(response);
        if (location is not null)
        {
            map.Set("location", location);
        }

        if (headers is not null && context is not null)
        {
            headers.ApplyToResponse(map, context with { Response = map, ResponseCode = status });
        }

        if (isGrpc)
        {
            map.Set("content-type", LocalReply.Grpc);
            map.Set("grpc-status", grpcStatus ?? LocalReply.GrpcStatus(status));
            var message = reason.Length > 0 ? reason : body;
            if (message.Length > 0)
            {
                map.Set("grpc-message", Uri.EscapeDataString(message));
            }
        }
        else if (body.Length > 0 && map.GetHeader("content-type").Count == 0)
        {
            map.Set("content-type", LocalReply.TextPlain);
        }

        return response;
    }
}
