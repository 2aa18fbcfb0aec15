using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ProxylessMesh.Tests.Peers;

/// <summary>
/// A server that says on HTTP/1.1 connections, byte by byte, what the test wants: what Kestrel cannot be made to send. The script
/// runs once for each connection; the connection closes when it returns.
/// </summary>
public sealed class Http1Peer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly Func<Http1PeerConnection, Task> _script;
    private readonly Task _accepting;
    private int _openConnections;

    private Http1Peer(Func<Http1PeerConnection, Task> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections have been accepted.</summary>
    public int ConnectionCount => _connections.Count;

    public int OpenConnectionCount => Volatile.Read(ref _openConnections);

    /// <summary>The request lines seen, in order.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    public static Http1Peer Start(Func<Http1PeerConnection, Task> script) => new(script);

    /// <summary>Answers every request with these bytes.</summary>
    public static Http1Peer StartAnswering(string response) => Start(async connection =>
    {
        while (await connection.NextRequestAsync() is not null)
        {
            await connection.SendAsync(response);
        }
    });

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _stopping.CancelAsync();
        await _accepting;
        await Task.WhenAll(_connections);
        _stopping.Dispose();
    }

    internal void OnRequest(string line) => _requests.Enqueue(line);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stopping.Token);
                Interlocked.Increment(ref _openConnections);
                _connections.Add(ServeAsync(socket, _connections.Count + 1));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket socket, int number)
    {
        using (socket)
        {
            try
            {
                socket.NoDelay = true;
                await using var stream = new NetworkStream(socket);
                await _script(new Http1PeerConnection(this, stream, number, _stopping.Token));
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The client left, or the peer was disposed.
            }
        }

        Interlocked.Decrement(ref _openConnections);
    }
}
