using System.Globalization;

namespace ProxylessMesh.Messages;

/// <summary>What an answer of the mesh itself becomes for a gRPC caller, who expects its status in <c>grpc-status</c>. Stateless.</summary>
internal static class LocalReply
{
    public const string TextPlain = "text/plain";

    public const string Grpc = "application/grpc";

    /// <summary>The gRPC status of an HTTP status (gRPC's http-grpc-status-mapping): UNKNOWN for what it does not name.</summary>
    public static string GrpcStatus(int httpStatus)
    {
        var status = httpStatus switch
        {
            400 => 13,
            401 => 16,
            403 => 7,
            404 => 12,
            429 or 502 or 503 or 504 => 14,
            _ => 2,
        };
        return status.ToString(CultureInfo.InvariantCulture);
    }
}
