using System.Net;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Transport;

/// <summary>
/// Sends over sockets. Each endpoint has a connection pool of its own, whose every connection is dialled to the endpoint's
/// address while the request keeps the service's URI, so that Host and <c>:authority</c> stay the service's. HTTP/1.1 and
/// cleartext HTTP/2, as the request asks.
/// </summary>
/// <param name="timeProvider">For timeouts of connecting.</param>
/// <param name="resolver">Looks up the endpoints that are names.</param>
internal sealed class SocketTransport(TimeProvider timeProvider, IHostResolver resolver) : IEndpointTransport
{
    public SocketTransport(TimeProvider timeProvider)
        : this(timeProvider, SystemHostResolver.Instance)
    {
    }

    public HttpMessageInvoker Open(EndpointAddress address, TimeSpan connectTimeout) => new(new EndpointHandler(address, new SocketsHttpHandler
    {
        // The mesh decides where a request goes; what the environment, a cookie or a redirect says would go around it.
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        EnableMultipleHttp2Connections = true,
        ActivityHeadersPropagator = SpanPropagator.Instance,
        ConnectTimeout = Timeout.InfiniteTimeSpan, // the dialer's own, whose failure can be told from others
        ConnectCallback = new EndpointDialer(address, connectTimeout, resolver, timeProvider).DialAsync,
    }));
}
