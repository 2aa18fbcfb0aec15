using System.Net;
using System.Net.Sockets;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Transport;

/// <summary>Dials one endpoint, whatever host the request that needs the connection names.</summary>
internal sealed class EndpointDialer(EndpointAddress address, TimeSpan connectTimeout, IHostResolver resolver, TimeProvider timeProvider)
{
    private readonly EndPoint? _endPoint = ToEndPoint(address);

    /// <exception cref="EndpointConnectException">There is no connection, or not within the timeout.</exception>
    public async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = _endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var timeout = new CancellationTokenSource(connectTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            if (_endPoint is not null)
            {
                await socket.ConnectAsync(_endPoint, either.Token).ConfigureAwait(false);
            }
            else
            {
                // One after the other, the first that accepts: what a name means is asked anew for each connection.
                var addresses = await ResolveAsync(either.Token).ConfigureAwait(false);
                await socket.ConnectAsync(addresses, address.Port, either.Token).ConfigureAwait(false);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new EndpointConnectException($"endpoint {address}: no connection within {connectTimeout.TotalSeconds:0.###} s (connect_timeout)", exception) { Reason = "connection_timeout" };
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw exception.SocketErrorCode == SocketError.ConnectionRefused
                ? new EndpointConnectException($"endpoint {address}: {exception.Message}", exception) { Reason = "remote_connection_failure|delayed_connect_error:_Connection_refused" }
                : new EndpointConnectException($"endpoint {address}: {exception.Message}", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <exception cref="SocketException">The name has no address of a family that may be used.</exception>
    private async Task<IPAddress[]> ResolveAsync(CancellationToken cancellationToken)
    {
        var addresses = LookupFamilies.Select(await resolver.ResolveAsync(address.Host, cancellationToken).ConfigureAwait(false), address.LookupFamily);
        return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.NoData);
    }

    /// <returns><see langword="null"/> for a name.</returns>
    private static EndPoint? ToEndPoint(EndpointAddress address)
    {
        if (address.IsUnixSocket)
        {
            return new UnixDomainSocketEndPoint(address.Host);
        }

        return IPAddress.TryParse(address.Host, out var ip) ? new IPEndPoint(ip, address.Port) : null;
    }
}
