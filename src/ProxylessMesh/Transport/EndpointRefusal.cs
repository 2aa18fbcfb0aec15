using ProxylessMesh.Messages;

namespace ProxylessMesh.Transport;

/// <summary>Tells the failures after which nothing of a request was processed, so that it may go to another endpoint, from all others. Stateless.</summary>
internal static class EndpointRefusal
{
    /// <summary>HTTP/2's REFUSED_STREAM: "the endpoint refused the stream prior to performing any application processing" (RFC 9113, section 7).</summary>
    private const long RefusedStream = 7;

    /// <summary>Whether the endpoint took nothing of the request: it was not reached, or it said so.</summary>
    public static bool IsRefusal(HttpRequestException exception)
        => exception.InnerException is EndpointConnectException or RequestSpentException || IsUnprocessed(exception);

    /// <summary>Whether the request may be sent to another endpoint.</summary>
    public static bool MayGoElsewhere(HttpRequestException exception) => exception.InnerException is not RequestSpentException;

    /// <summary>
    /// Whether the endpoint said that it did not process the request: it reset the stream with REFUSED_STREAM, or sent a GOAWAY whose
    /// last stream came before (RFC 9113, section 8.7). SocketsHttpHandler has sent such a request four times to the endpoint when
    /// it gives up, and then says so with a message of its own; a failure it does not send again has its cause's message. That is
    /// all that it shows of the difference, and what is not known for sure counts as processed.
    /// </summary>
    public static bool IsUnprocessed(HttpRequestException exception)
        => exception.InnerException is HttpProtocolException protocol
            && (protocol.ErrorCode == RefusedStream || !string.Equals(exception.Message, protocol.Message, StringComparison.Ordinal));
}
