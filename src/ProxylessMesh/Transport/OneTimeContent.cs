using System.Net;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Transport;

/// <summary>
/// The content of a request that may be readable only once: refuses to be sent twice, where it would otherwise go out empty or in
/// part without anybody noticing (a gRPC call's stream of messages does).
/// </summary>
internal sealed class OneTimeContent : HttpContent
{
    private readonly HttpContent _inner;
    private int _sent;

    public OneTimeContent(HttpContent inner)
    {
        _inner = inner;
        foreach (var header in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    /// <summary>Whether some of it may have been sent.</summary>
    public bool HasBegun => Volatile.Read(ref _sent) > 0;

    /// <summary>Whether a content would not say so itself when it is sent twice and cannot be.</summary>
    public static bool IsNeeded(HttpContent content) => BodyKinds.Of(content) == BodyKind.OneTime;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Begin();
        return _inner.CopyToAsync(stream, context, cancellationToken);
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Begin();
        _inner.CopyTo(stream, context, cancellationToken);
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
        }

        base.Dispose(disposing);
    }

    private void Begin()
    {
        if (Interlocked.Increment(ref _sent) > 1)
        {
            throw new RequestSpentException("the request's content was on its way already and cannot be sent again", null);
        }
    }
}
