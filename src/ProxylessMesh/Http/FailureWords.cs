using ProxylessMesh.Telemetry;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>What a failure is called in Envoy's words, as observed of a real one. Stateless.</summary>
internal static class FailureWords
{
    /// <param name="exception">What sending broke off with before a response.</param>
    /// <returns>One of <see cref="ResponseFlags"/> or empty, and one of <see cref="ResponseDetails"/>.</returns>
    public static (string Flags, string Details) Of(Exception exception) => exception switch
    {
        MeshRequestException mesh => (mesh.ResponseFlags, mesh.ResponseDetails),
        OperationCanceledException => (ResponseFlags.DownstreamConnectionTermination, ResponseDetails.DownstreamRemoteDisconnect),
        HttpRequestException { InnerException: EndpointConnectException } => (ResponseFlags.UpstreamConnectionFailure, ConnectFailure(exception)),
        HttpRequestException { InnerException: HttpProtocolException } => (ResponseFlags.UpstreamRemoteReset, ResponseDetails.ResetBeforeResponse("remote_reset")),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.ConfigurationLimitExceeded }
            => (ResponseFlags.UpstreamProtocolError, ResponseDetails.ResetBeforeResponse("protocol_error")),
        HttpRequestException or IOException => (ResponseFlags.UpstreamConnectionTermination, ResponseDetails.ResetBeforeResponse("connection_termination")),
        _ => ("", ""),
    };

    /// <summary>A connection that does not come about.</summary>
    /// <param name="exception">What it failed with, however deep inside.</param>
    public static string ConnectFailure(Exception? exception)
    {
        while (exception is not (null or EndpointConnectException))
        {
            exception = exception.InnerException;
        }

        return ResponseDetails.ResetBeforeResponse((exception as EndpointConnectException)?.Reason ?? "remote_connection_failure");
    }
}
