using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ProxylessMesh.Tests.Peers;

/// <summary>
/// A server that speaks HTTP/2 frame by frame, as the test says: what Kestrel cannot be made to send. The script runs once for
/// each connection; the connection closes when it returns.
/// </summary>
public sealed class Http2Peer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly ConcurrentQueue<Exception> _faults = new();
    private readonly Func<Http2PeerConnection, Task> _script;
    private readonly Task _accepting;
    private int _requests;
    private int _openConnections;

    private Http2Peer(Func<Http2PeerConnection, Task> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections have been accepted.</summary>
    public int ConnectionCount => _connections.Count;

    public int OpenConnectionCount => Volatile.Read(ref _openConnections);

    /// <summary>How many requests have begun, answered or not.</summary>
    public int RequestCount => Volatile.Read(ref _requests);

    /// <summary>What scripts failed with, other than that their client left.</summary>
    public IReadOnlyCollection<Exception> Faults => _faults;

    public static Http2Peer Start(Func<Http2PeerConnection, Task> script) => new(script);

    /// <summary>Answers every request with 200.</summary>
    public static Http2Peer StartAnswering(string body = "") => Start(async connection =>
    {
        while (await connection.NextRequestAsync() is { } stream)
        {
            await connection.RespondAsync(stream, body);
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

    internal void OnRequest() => Interlocked.Increment(ref _requests);

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
                var connection = new Http2PeerConnection(this, stream, number, _stopping.Token);
                await connection.OpenAsync();
                await _script(connection);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The client left, or the peer was disposed.
            }
            catch (Exception e)
            {
                _faults.Enqueue(e);
            }
        }

        Interlocked.Decrement(ref _openConnections);
    }
}
