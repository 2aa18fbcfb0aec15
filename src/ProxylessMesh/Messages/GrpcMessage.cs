namespace ProxylessMesh.Messages;

/// <summary>Tells gRPC calls from other requests. Stateless.</summary>
internal static class GrpcMessage
{
    /// <summary>Whether the content type is <c>application/grpc</c>, or that with a message format after a plus sign; a media type has no case.</summary>
    public static bool IsGrpc(HttpRequestMessage request)
        => request.Content?.Headers.ContentType?.MediaType is { } type
            && (type.Equals("application/grpc", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/grpc+", StringComparison.OrdinalIgnoreCase));
}
