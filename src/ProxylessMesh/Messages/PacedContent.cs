using System.Net;

namespace ProxylessMesh.Messages;

/// <summary>The body of a response, passed on no faster than its pace. What waits at its end is told once: when it was read to the end, failed, or was disposed of.</summary>
internal sealed class PacedContent : HttpContent, IForwardingContent
{
    private const int CopyBufferSize = 8192;

    private readonly HttpContent _inner;
    private readonly Pace _pace;
    private Action? _onEnd;

    /// <param name="inner">The body; disposed with this.</param>
    /// <param name="pace">Its own.</param>
    /// <param name="onEnd">Waits for the end.</param>
    public PacedContent(HttpContent inner, Pace pace, Action onEnd)
    {
        _inner = inner;
        _pace = pace;
        _onEnd = onEnd;
        foreach (var header in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    public HttpContent Inner => _inner;

    /// <summary>The body has come to its end, one way or another. Harmless when repeated.</summary>
    public void End() => Interlocked.Exchange(ref _onEnd, null)?.Invoke();

    protected override async Task<Stream> CreateContentReadStreamAsync() => new PacedStream(await _inner.ReadAsStreamAsync().ConfigureAwait(false), _pace, this);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => new PacedStream(_inner.ReadAsStream(cancellationToken), _pace, this);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var body = new PacedStream(await _inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _pace, this);
        await using (body.ConfigureAwait(false))
        {
            await body.CopyToAsync(stream, CopyBufferSize, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var body = new PacedStream(_inner.ReadAsStream(cancellationToken), _pace, this);
        body.CopyTo(stream);
    }

    protected override bool TryComputeLength(out long length)
    {
        var known = _inner.Headers.ContentLength;
        length = known ?? 0;
        return known is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            End();
        }

        base.Dispose(disposing);
    }
}
