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

    /// <summary>The <see cref="EndpointState"/> to give back, or a <see cref="MeasuredAttempt"/> to tell as well: one field, so that unmeasured responses stay as small.</summary>
    private object? _lease;

    /// <summary>Set before the response is handed out, where the request's time is limited.</summary>
    private TimedBody? _timed;

    private TrackedContent(HttpContent inner, EndpointState endpoint)
    {
        _inner = inner;
        _lease = endpoint;
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

    /// <summary>Has the attempt told when the body ends.</summary>
    /// <returns>Whether it will be; otherwise the body has ended.</returns>
    public bool TryMeasure(MeasuredAttempt attempt)
    {
        if (Volatile.Read(ref _lease) is not EndpointState endpoint)
        {
            return false;
        }

        attempt.Endpoint = endpoint;
        return Interlocked.CompareExchange(ref _lease, attempt, endpoint) == endpoint;
    }

    /// <summary>Has the call told when the body ends, by the attempt that is measured already.</summary>
    /// <returns>Whether it will be; otherwise the body has ended.</returns>
    public bool TryMeasure(MeasuredCall call)
        => Volatile.Read(ref _lease) is MeasuredAttempt attempt && attempt.TryFinish(call);

    /// <summary>Has the body end with the request's time.</summary>
    /// <returns>Whether it will; otherwise it has ended.</returns>
    public bool TryLimit(TimedBody timed)
    {
        if (Volatile.Read(ref _lease) is null)
        {
            return false;
        }

        _timed = timed;
        timed.Begin();
        return true;
    }

    /// <summary>Breaks the body's connection, or its stream in it.</summary>
    public void Break() => _inner.Dispose();

    /// <summary>The body was read to its end: gives the lease back; harmless when repeated, as its siblings are.</summary>
    public void Complete() => End(isComplete: true, failure: null);

    /// <summary>The body broke off.</summary>
    public void Fail(Exception failure) => End(isComplete: false, failure);

    /// <summary>The body is not wanted, or not any more.</summary>
    public void Abandon() => End(isComplete: false, failure: null);

    // A connection has its stream at hand once the headers have come: asking for it never blocks.
    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
        => Task.FromResult(CreateContentReadStream(cancellationToken));

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
        => new TrackedStream(OpenBody(cancellationToken), this);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            // As the inner content would do it, but with a state machine less.
            var body = OpenBody(cancellationToken);
            await using (body.ConfigureAwait(false))
            {
                await body.CopyToAsync(stream, CopyBufferSize, cancellationToken).ConfigureAwait(false);
                Complete();
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            if (_timed is null)
            {
                _inner.CopyTo(stream, context, cancellationToken);
            }
            else
            {
                using var body = OpenBody(cancellationToken);
                body.CopyTo(stream);
            }

            Complete();
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        // What is disposed of, because its time is over, does not tell.
        var known = _timed is { IsExpired: true } ? null : _inner.Headers.ContentLength;
        length = known ?? 0;
        return known is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            Abandon();
        }

        base.Dispose(disposing);
    }

    private Stream OpenBody(CancellationToken cancellationToken)
    {
        if (_timed is not { } timed)
        {
            return _inner.ReadAsStream(cancellationToken);
        }

        Stream body;
        try
        {
            body = _inner.ReadAsStream(cancellationToken);
        }
        catch (ObjectDisposedException) when (timed.IsExpired)
        {
            body = Stream.Null; // never read: the reader is told that the time is over
        }

        return new TimedStream(body, timed);
    }

    private void End(bool isComplete, Exception? failure)
    {
        var lease = Interlocked.Exchange(ref _lease, null);
        if (lease is not null)
        {
            _timed?.End();
        }

        if (lease is EndpointState endpoint)
        {
            endpoint.Release();
        }
        else if (lease is MeasuredAttempt attempt)
        {
            attempt.Endpoint!.Release(); // set before it became the lease
            attempt.End(isComplete, failure);
        }
    }

    // Looked at unparsed, as parsing allocates; most bodies are not empty.
    private static bool IsEmpty(HttpContentHeaders headers)
        => headers.NonValidated.TryGetValues("Content-Length", out var length) ? length.ToString() == "0" : headers.ContentLength == 0;
}
