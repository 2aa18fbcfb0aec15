namespace ProxylessMesh.Messages;

/// <summary>Reads a body no faster than its pace.</summary>
/// <param name="inner">The body; disposed with this.</param>
/// <param name="pace">Its own.</param>
/// <param name="content">Is told of the end.</param>
internal sealed class PacedStream(Stream inner, Pace pace, PacedContent content) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // Blocks the reader's thread, as whoever reads so asks for.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false); // waits for data, and takes none
        }

        try
        {
            var allowed = await pace.WaitAsync(buffer.Length, cancellationToken).ConfigureAwait(false);
            var read = await inner.ReadAsync(buffer[..allowed], cancellationToken).ConfigureAwait(false);
            pace.OnPassed(read);
            if (read == 0)
            {
                content.End();
            }

            return read;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            content.End();
            throw;
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            content.End();
        }

        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        content.End();
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
