namespace ProxylessMesh.Transport;

/// <summary>No connection to an endpoint: nothing of the request was sent, so it may go to another one.</summary>
internal sealed class EndpointConnectException(string message, Exception? innerException) : IOException(message, innerException)
{
    /// <summary>Why, in Envoy's words, as far as it has some of its own.</summary>
    public string Reason { get; init; } = "remote_connection_failure";
}
