namespace ProxylessMesh.Http;

/// <summary>
/// The stream of a <see cref="TrackedContent"/>: reads through, and completes it at the end, on failure and on disposal. Can be
/// written to when the connection was upgraded (101 Switching Protocols).
/// </summary>
internal sealed class TrackedStream(Stream inner, TrackedContent content) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Ended(inner.Read(buffer), buffer.Length);
        }
        catch (Exception exception)
        {
            content.Fail(exception);
            throw;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = inner.ReadAsync(buffer, cancellationToken);
        return reading.IsCompletedSuccessfully
            ? new ValueTask<int>(Ended(reading.Result, buffer.Length))
            : AwaitAsync(reading, buffer.Length);
    }

    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        try
        {
            await inner.CopyToAsync(destination, bufferSize, cancellationToken).ConfigureAwait(false);
            content.Complete();
        }
        catch (Exception exception)
        {
            content.Fail(exception);
            throw;
        }
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => inner.WriteAsync(buffer, offset, count, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        => inner.WriteAsync(buffer, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            content.Abandon();
        }

        base.Dispose(disposing);
    }

    // Without a state machine where the connection's stream has nothing to wait for, as after a body that was read to its end.
    public override ValueTask DisposeAsync()
    {
        var closing = inner.DisposeAsync();
        if (!closing.IsCompletedSuccessfully)
        {
            return AwaitCloseAsync(closing);
        }

        closing.GetAwaiter().GetResult();
        content.Abandon();
        return base.DisposeAsync();
    }

    private async ValueTask AwaitCloseAsync(ValueTask closing)
    {
        try
        {
            await closing.ConfigureAwait(false);
        }
        finally
        {
            content.Abandon();
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<int> AwaitAsync(ValueTask<int> reading, int requested)
    {
        try
        {
            return Ended(await reading.ConfigureAwait(false), requested);
        }
        catch (Exception exception)
        {
            content.Fail(exception);
            throw;
        }
    }

    /// <summary>A read that was asked for bytes and brought none is the end of the body.</summary>
    private int Ended(int read, int requested)
    {
        if (read == 0 && requested > 0)
        {
            content.Complete();
        }

        return read;
    }
}
