using System.Runtime.CompilerServices;

namespace ProxylessMesh.Http;

/// <summary>The stream of a body whose request's time is limited: a read ends with the time at the latest.</summary>
/// <param name="inner">The connection's.</param>
/// <param name="body">What knows the time.</param>
internal sealed class TimedStream(Stream inner, TimedBody body) : Stream
{
    /// <summary>Follows a reader's own token and the time; made for the first read that has one.</summary>
    private CancellationTokenSource? _either;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // Only a read that can be cancelled ends in time: one that blocks is one of those, waited for.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override int Read(Span<byte> buffer)
    {
        var bytes = new byte[buffer.Length];
        var read = Read(bytes, 0, bytes.Length);
        bytes.AsSpan(0, read).CopyTo(buffer);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!body.TryEnter())
        {
            return body.IsExpired ? body.Expire(cause: null) : await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var token = Follow(cancellationToken, out var caller, out var time);
            try
            {
                return await inner.ReadAsync(buffer, token).ConfigureAwait(false);
            }
            finally
            {
                caller.Dispose();
                time.Dispose();
            }
        }
        catch (Exception exception) when (body.IsExpired)
        {
            return body.Expire(exception);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        finally
        {
            body.Leave();
        }
    }

    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        if (!body.TryEnter())
        {
            if (body.IsExpired)
            {
                body.Expire(cause: null);
                return;
            }

            await inner.CopyToAsync(destination, bufferSize, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            var token = Follow(cancellationToken, out var caller, out var time);
            try
            {
                await inner.CopyToAsync(destination, bufferSize, token).ConfigureAwait(false);
            }
            finally
            {
                caller.Dispose();
                time.Dispose();
            }
        }
        catch (Exception exception) when (body.IsExpired)
        {
            body.Expire(exception);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        finally
        {
            body.Leave();
        }
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count)
    {
        body.OnActivity();
        inner.Write(buffer, offset, count);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        body.OnActivity();
        return inner.WriteAsync(buffer, offset, count, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        body.OnActivity();
        return inner.WriteAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A token for one read. A reader who cancels one read may read on, over HTTP/2: the next gets a source of its own.</summary>
    private CancellationToken Follow(CancellationToken reader, out CancellationTokenRegistration caller, out CancellationTokenRegistration time)
    {
        caller = default;
        time = default;
        if (!reader.CanBeCanceled)
        {
            return body.Token;
        }

        if (_either is null || _either.IsCancellationRequested)
        {
            _either = new CancellationTokenSource();
        }

        caller = reader.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _either);
        time = body.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _either);
        return _either.Token;
    }
}
