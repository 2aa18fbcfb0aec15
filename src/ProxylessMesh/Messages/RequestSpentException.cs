namespace ProxylessMesh.Messages;

/// <summary>An endpoint took nothing of a request, but the request's content has been read by then and cannot be sent again.</summary>
internal sealed class RequestSpentException(string message, Exception? innerException) : IOException(message, innerException);
