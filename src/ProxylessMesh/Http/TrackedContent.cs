using System.Net;
using ProxylessMesh.Clusters;

namespace ProxylessMesh.Http;

/// <summary>
/// The body of a response, streamed through untouched, that gives the endpoint's lease back at its end: when it was read
/// to the end, failed, or was disposed. A request is under way until then, not until its response headers.
/// </summary>
internal sealed class TrackedContent : HttpContent
{
    private readonly HttpContent _inner;
    private EndpointState? _endpoint;

    private TrackedContent(HttpContent inner, EndpointState endpoint)
    {
        _inner = inner;
        _endpoint = endpoint;
        foreach (var header in inner.Headers.NonValidated)
        {
            // A header with one value, which is nearly every one, is a string already.
            if (header.Value.Count == 1)
            {
                Headers.TryAddWithoutValidation(header.Key, header.Value.ToString());
            }
            else
            {
                Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }
    }

    /// <summary>Hands the lease on <paramref name="endpoint"/> over to the response.</summary>
    public static void Attach(HttpResponseMessage response, EndpointState endpoint)
    {
        if (response.Content.Headers.ContentLength == 0)
        {
            endpoint.Release();
        }
        else
        {
            response.Content = new TrackedContent(response.Content, endpoint);
        }
    }

    /// <summary>Gives the lease back; harmless when repeated.</summary>
    public void Complete() => Interlocked.Exchange(ref _endpoint, null)?.Release();

    protected override async Task<Stream> CreateContentReadStreamAsync()
        => new TrackedStream(await _inner.ReadAsStreamAsync().ConfigureAwait(false), this);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
        => new TrackedStream(await _inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), this);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
        => new TrackedStream(_inner.ReadAsStream(cancellationToken), this);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            await _inner.CopyToAsync(stream, context, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Complete();
        }
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            _inner.CopyTo(stream, context, cancellationToken);
        }
        finally
        {
            Complete();
        }
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
            Complete();
        }

        base.Dispose(disposing);
    }
}
