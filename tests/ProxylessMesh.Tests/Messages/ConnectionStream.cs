using System.Collections.Concurrent;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.Messages;

/// <summary>Stands for a connection that a body is sent over: keeps what came, may break after so many bytes, and may stand still until the test lets it go.</summary>
/// <param name="breaksAfter">How many bytes it takes; negative for any number.</param>
internal sealed class ConnectionStream(int breaksAfter = -1) : Stream
{
    private readonly MemoryStream _received = new();
    private readonly ConcurrentQueue<int> _flushes = new();

    /// <summary>Holds each write; <see langword="null"/> for a connection that is quick.</summary>
    public Gate? Gate { get; init; }

    public byte[] Received
    {
        get
        {
            lock (_received)
            {
                return _received.ToArray();
            }
        }
    }

    /// <summary>How many bytes had come at each flush.</summary>
    public IReadOnlyCollection<int> Flushes => _flushes;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        if (Gate is not null)
        {
            await Gate.PassAsync(cancellationToken);
        }

        lock (_received)
        {
            var room = breaksAfter < 0 ? buffer.Length : Math.Min(buffer.Length, breaksAfter - (int)_received.Length);
            _received.Write(buffer.Span[..room]);
            if (room < buffer.Length)
            {
                throw new IOException("the connection broke");
            }
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        _flushes.Enqueue(Received.Length);
        return Task.CompletedTask;
    }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
