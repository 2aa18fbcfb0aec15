using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ProxylessMesh.Tests.Peers;

/// <summary>Accepts TCP connections and never says a word.</summary>
public sealed class StalledServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly ConcurrentBag<Socket> _accepted = [];
    private readonly SemaphoreSlim _arrivals = new(0);
    private readonly Task _accepting;

    private StalledServer(TcpListener listener)
    {
        _listener = listener;
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections have been accepted.</summary>
    public int ConnectionCount => _accepted.Count;

    public static StalledServer Start(int port = 0)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return new StalledServer(listener);
    }

    /// <summary>Waits until one more client has connected.</summary>
    /// <exception cref="TimeoutException">None did within <see cref="TestTimeouts.Default"/>.</exception>
    public async Task ConnectedAsync()
    {
        if (!await _arrivals.WaitAsync(TestTimeouts.Default))
        {
            throw new TimeoutException("Nobody connected to the stalled server.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var socket in _accepted)
        {
            socket.Dispose();
        }

        _arrivals.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _accepted.Add(await _listener.AcceptSocketAsync());
                _arrivals.Release();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The listener was disposed: the server has ended.
        }
    }
}
