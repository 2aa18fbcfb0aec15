using ProxylessMesh.Configuration;

namespace ProxylessMesh.Transport;

/// <summary>The way to endpoints: what the mesh sends through once it knows where a request goes.</summary>
internal interface IEndpointTransport
{
    /// <summary>
    /// The connections to one endpoint; none is made before a request needs it. The request keeps the service's URI. A failure to
    /// connect is an <see cref="HttpRequestException"/> with an <see cref="EndpointConnectException"/> inside.
    /// </summary>
    /// <param name="address">The endpoint.</param>
    /// <param name="connectTimeout">How long connecting may take.</param>
    /// <returns>For the caller to dispose, which lets requests in flight finish.</returns>
    HttpMessageInvoker Open(EndpointAddress address, TimeSpan connectTimeout);
}
