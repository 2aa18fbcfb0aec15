using System.Net;
using System.Net.Sockets;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Transport;

/// <summary>
/// The connections to one endpoint: a connection pool of its own, whose every connection is dialled to the endpoint's
/// address while the request keeps the service's URI, so that Host and <c>:authority</c> stay the service's. HTTP/1.1 and
/// cleartext HTTP/2, as the request asks. Disposal lets requests in flight finish.
/// </summary>
internal sealed class EndpointConnections : IDisposable
{
    private readonly EndpointAddress _address;
    private readonly EndPoint _endPoint;
    private readonly TimeSpan _connectTimeout;
    private readonly TimeProvider _timeProvider;
    private readonly HttpMessageInvoker _invoker;

    public EndpointConnections(EndpointAddress address, TimeSpan connectTimeout, TimeProvider timeProvider)
    {
        _address = address;
        _endPoint = ToEndPoint(address);
        _connectTimeout = connectTimeout;
        _timeProvider = timeProvider;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            // The mesh decides where a request goes; what the environment, a cookie or a redirect says would go around it.
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = Timeout.InfiniteTimeSpan, // ours is in DialAsync, where the failure can be told from others
            ConnectCallback = DialAsync,
        });
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => _invoker.SendAsync(request, cancellationToken);

    public void Dispose() => _invoker.Dispose();

    private static EndPoint ToEndPoint(EndpointAddress address)
    {
        if (address.IsUnixSocket)
        {
            return new UnixDomainSocketEndPoint(address.Host);
        }

        return IPAddress.TryParse(address.Host, out var ip) ? new IPEndPoint(ip, address.Port) : new DnsEndPoint(address.Host, address.Port);
    }

    private async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = _endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var timeout = new CancellationTokenSource(_connectTimeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await socket.ConnectAsync(_endPoint, either.Token).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new EndpointConnectException($"endpoint {_address}: no connection within {_connectTimeout.TotalSeconds:0.###} s (connect_timeout)", exception);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new EndpointConnectException($"endpoint {_address}: {exception.Message}", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
