using System.Net.Sockets;
using ProxylessMesh.Resilience;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Http;

/// <summary>Tells what a connection's exception says of the try that it ended. Stateless.</summary>
internal static class AttemptFailure
{
    /// <returns><see cref="TryReset.None"/> for what is not the endpoint's doing, such as a body that its caller's stream failed to give.</returns>
    public static TryReset ResetOf(HttpRequestException exception)
    {
        if (EndpointRefusal.IsRefusal(exception))
        {
            return Find<EndpointConnectException>(exception) is not null ? TryReset.ConnectFailure : TryReset.Refused;
        }

        return exception.HttpRequestError switch
        {
            HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded => TryReset.ProtocolError,
            HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError => TryReset.Reset,
            _ => Find<HttpIOException>(exception) is not null || Find<SocketException>(exception) is not null ? TryReset.Reset : TryReset.None,
        };
    }

    /// <summary>In Envoy's words: why a connection ended.</summary>
    public static string ReasonOf(TryReset reset, Exception exception) => reset switch
    {
        TryReset.Refused => "remote_refused_stream_reset",
        TryReset.ProtocolError => "protocol_error",
        _ => Find<HttpProtocolException>(exception) is not null ? "remote_reset" : "connection_termination",
    };

    public static T? Find<T>(Exception? exception)
        where T : Exception
    {
        while (exception is not null and not T)
        {
            exception = exception.InnerException;
        }

        return (T?)exception;
    }
}
