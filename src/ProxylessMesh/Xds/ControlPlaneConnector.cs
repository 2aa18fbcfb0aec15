using System.Net.Security;
using System.Net.Sockets;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Xds;

/// <summary>
/// Makes the connections to one control plane: TCP or a Unix socket, TLS where the bootstrap asks for it. Credentials are
/// asked for per connection, so that what an agent has renewed is used by the next one. Safe for concurrent use.
/// </summary>
/// <param name="server">Where to.</param>
/// <param name="credentials"><see langword="null"/>: plaintext.</param>
internal sealed class ControlPlaneConnector(XdsServerConfig server, ControlPlaneCredentials? credentials)
{
    // 10 s without a packet, then two probes 5 s apart: a host or a path that is gone is noticed within 20 s, and no gRPC
    // server takes TCP's own probes for an attack, as it does frequent HTTP/2 pings.
    private const int KeepAliveSeconds = 10;
    private const int ProbeIntervalSeconds = 5;
    private const int Probes = 2;
    private const int UnacknowledgedMilliseconds = 20_000;

    // TCP_USER_TIMEOUT: probes are not sent while data waits for its acknowledgement; this bounds that wait.
    private const int LinuxTcpLevel = 6;
    private const int LinuxTcpUserTimeout = 18;

    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var stream = await OpenAsync(cancellationToken).ConfigureAwait(false);
        if (credentials is null)
        {
            return stream;
        }

        var secure = new SslStream(stream);
        try
        {
            await secure.AuthenticateAsClientAsync(credentials.Get(), cancellationToken).ConfigureAwait(false);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    internal static void NoticeGonePeer(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(LinuxTcpLevel, LinuxTcpUserTimeout, BitConverter.GetBytes(UnacknowledgedMilliseconds));
        }
    }

    private async ValueTask<NetworkStream> OpenAsync(CancellationToken cancellationToken)
    {
        var socket = server.Address is UnixServerAddress
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (server.Address is TcpServerAddress tcp)
            {
                NoticeGonePeer(socket);
                await socket.ConnectAsync(tcp.Host, tcp.Port, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                var path = ((UnixServerAddress)server.Address).Path;
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
