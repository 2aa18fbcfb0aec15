namespace ProxylessMesh.Http;

/// <summary>An endpoint's hostname cannot be sent as a request's host.</summary>
internal sealed class HostnameException(string message, Exception innerException) : FormatException(message, innerException);
