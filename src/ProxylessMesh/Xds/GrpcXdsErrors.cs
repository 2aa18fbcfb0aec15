using System.Globalization;
using Grpc.Core;

namespace ProxylessMesh.Xds;

/// <summary>
/// Puts into words what became of a stream. A control plane's status is named in the text only: as a status of our own it
/// would tell a caller things that are not so about the service called (gRFC A54).
/// </summary>
internal sealed class GrpcXdsErrors(string serverUri, int maxResponseBytes)
{
    // A status text is the server's to choose, and ends up in logs and in errors of the application.
    private const int MaxDetailLength = 500;

    /// <summary>Whether an exception of the gRPC client means that the stream is no more.</summary>
    public static bool IsBroken(Exception e) =>
        e is RpcException or IOException or HttpRequestException or InvalidOperationException or OperationCanceledException;

    public XdsTransportException Describe(Exception e) => new($"xDS server {serverUri}: {DescribeCause(e)}", e);

    /// <summary>The stream was cancelled or disposed of here, or its transport was: no failure of the server's.</summary>
    public XdsTransportException DescribeClosed(Exception e) => new($"xDS server {serverUri}: the stream was closed on this side", e);

    private string DescribeCause(Exception e) => e switch
    {
        RpcException rpc when IsTooLarge(rpc) =>
            string.Create(CultureInfo.InvariantCulture, $"sent a response larger than {maxResponseBytes} bytes, the most that is taken"),
        RpcException { Status: { DebugException: { } local } status } => $"{DescribeStage(local)} ({InWords(status.StatusCode)}): {Clean(Innermost(local).Message)}",
        RpcException { Status: var status } => $"ended the stream with {InWords(status.StatusCode)}: {Clean(status.Detail)}",
        InvalidOperationException => "the stream has ended",
        _ => $"the connection broke: {Clean(Innermost(e).Message)}",
    };

    // The gRPC client gives no other sign of its own limit than this text.
    private static bool IsTooLarge(RpcException e) =>
        e.StatusCode == StatusCode.ResourceExhausted
        && e.Status.Detail.Contains("exceeds the maximum configured message size", StringComparison.Ordinal);

    private static string DescribeStage(Exception local) => local is CallCredentialsException ? "the call credentials cannot be used" : (local as HttpRequestException)?.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError => "cannot be connected to",
        HttpRequestError.SecureConnectionError => "the TLS handshake failed",
        HttpRequestError.VersionNegotiationError => "does not speak HTTP/2",
        _ => "the connection broke",
    };

    private static string InWords(StatusCode code) => code switch
    {
        StatusCode.OK => "OK",
        StatusCode.Cancelled => "CANCELLED",
        StatusCode.InvalidArgument => "INVALID_ARGUMENT",
        StatusCode.DeadlineExceeded => "DEADLINE_EXCEEDED",
        StatusCode.NotFound => "NOT_FOUND",
        StatusCode.AlreadyExists => "ALREADY_EXISTS",
        StatusCode.PermissionDenied => "PERMISSION_DENIED",
        StatusCode.ResourceExhausted => "RESOURCE_EXHAUSTED",
        StatusCode.FailedPrecondition => "FAILED_PRECONDITION",
        StatusCode.Aborted => "ABORTED",
        StatusCode.OutOfRange => "OUT_OF_RANGE",
        StatusCode.Unimplemented => "UNIMPLEMENTED",
        StatusCode.Internal => "INTERNAL",
        StatusCode.Unavailable => "UNAVAILABLE",
        StatusCode.DataLoss => "DATA_LOSS",
        StatusCode.Unauthenticated => "UNAUTHENTICATED",
        _ => "UNKNOWN",
    };

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }

        return e;
    }

    private static string Clean(string text)
    {
        var end = Math.Min(text.Length, MaxDetailLength);
        return string.Create(end, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
    }
}
