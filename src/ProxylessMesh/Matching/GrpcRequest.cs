using Microsoft.Extensions.Primitives;

namespace ProxylessMesh.Matching;

/// <summary>Tells gRPC requests from others. Stateless.</summary>
internal static class GrpcRequest
{
    private const string ContentType = "application/grpc";

    /// <summary>Whether the content type is <c>application/grpc</c>, or that with a message format after a plus sign; case matters.</summary>
    public static bool IsGrpc(StringValues contentType)
        => contentType is [{ } value, ..] && value.StartsWith(ContentType, StringComparison.Ordinal) && (value.Length == ContentType.Length || value[ContentType.Length] == '+');
}
