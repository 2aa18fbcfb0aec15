namespace ProxylessMesh.Messages;

/// <summary>What the caller's body is written into: the end of a <see cref="ReplayBuffer"/> that fills it.</summary>
internal sealed class ReplayStream(ReplayBuffer buffer) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
        => buffer.TryAppend(ref data, out var room) ? ValueTask.CompletedTask : new ValueTask(AppendAsync(data, room, cancellationToken));

    public override Task WriteAsync(byte[] data, int offset, int count, CancellationToken cancellationToken) => WriteAsync(data.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>For a body that writes itself without awaiting: blocks its thread, which is the pump's own, while there is no room.</summary>
    public override void Write(byte[] data, int offset, int count) => WriteAsync(data.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        buffer.Flush();
        return Task.CompletedTask;
    }

    public override void Flush() => buffer.Flush();

    public override int Read(byte[] data, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async Task AppendAsync(ReadOnlyMemory<byte> data, Task room, CancellationToken cancellationToken)
    {
        do
        {
            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!buffer.TryAppend(ref data, out room));
    }
}
