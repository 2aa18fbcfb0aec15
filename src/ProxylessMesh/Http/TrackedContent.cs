using System.Net;
using System.Net.Http.Headers;
using ProxylessMesh.Clusters;

namespace ProxylessMesh.Http;

/// <summary>
/// The body of a response, streamed through untouched, that gives the endpoint's lease back at its end: when it was read
/// to the end, failed, or was disposed. A request is under way until then, not until its response headers.
/// </summary>
internal sealed class TrackedContent : HttpContent
{
    /// <summary>HttpContent's own.</summary>
    private const int CopyBufferSize = 8192;

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
        if (IsEmpty(response.Content.Headers))
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

    // A connection has its stream at hand once the headers have come: asking for it never blocks.
    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
        => Task.FromResult(CreateContentReadStream(cancellationToken));

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
        => new TrackedStream(_inner.ReadAsStream(cancellationToken), this);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            // As the inner content would do it, but with a state machine less.
            var body = _inner.ReadAsStream(cancellationToken);
            await using (body.ConfigureAwait(false))
            {
                await body.CopyToAsync(stream, CopyBufferSize, cancellationToken).ConfigureAwait(false);
            }
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

    // Looked at unparsed, as parsing allocates; most bodies are not empty.
    private static bool IsEmpty(HttpContentHeaders headers)
        => headers.NonValidated.TryGetValues("Content-Length", out var length) ? length.ToString() == "0" : headers.ContentLength == 0;
}
