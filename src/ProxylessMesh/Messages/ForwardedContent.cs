using System.Net;
using System.Net.Http.Json;

namespace ProxylessMesh.Messages;

/// <summary>
/// The caller's body, sent as it is under headers of its own, and the moment at which it has been sent in full. Not disposed: the
/// body stays the caller's.
/// </summary>
internal sealed class ForwardedContent : HttpContent, IForwardingContent
{
    private readonly HttpContent _inner;
    private readonly IBodyObserver? _observer;

    /// <param name="inner">The caller's body.</param>
    /// <param name="observer">Waits for the body to be sent; <see langword="null"/> when nothing does.</param>
    public ForwardedContent(HttpContent inner, IBodyObserver? observer = null)
    {
        _inner = inner;
        _observer = observer;
        foreach (var header in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    public HttpContent Inner => _inner;

    /// <summary>Whether a body is in memory, so that sending it takes no time worth waiting for.</summary>
    public static bool IsAtHand(HttpContent? content) => content is null or ByteArrayContent or ReadOnlyMemoryContent or JsonContent;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        => _observer is null ? _inner.CopyToAsync(stream, context, cancellationToken) : SendAsync(stream, context, _observer, cancellationToken);

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _inner.CopyTo(stream, context, cancellationToken);
        _observer?.OnSent();
    }

    private async Task SendAsync(Stream stream, TransportContext? context, IBodyObserver observer, CancellationToken cancellationToken)
    {
        await _inner.CopyToAsync(observer.AwaitsActivity ? new ObservedStream(stream, observer) : stream, context, cancellationToken).ConfigureAwait(false);
        observer.OnSent();
    }

    protected override bool TryComputeLength(out long length)
    {
        var known = _inner.Headers.ContentLength;
        length = known ?? 0;
        return known is not null;
    }
}
