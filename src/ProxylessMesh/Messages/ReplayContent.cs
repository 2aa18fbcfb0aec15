using System.Net;

namespace ProxylessMesh.Messages;

/// <summary>The body of one try, out of a <see cref="ReplayBuffer"/>, under the headers of the caller's. A connection that sends it anew gets it from its beginning, as long as that is kept.</summary>
internal sealed class ReplayContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly ReplayCursor? _reserved;

    /// <param name="buffer">Where the bytes come from.</param>
    /// <param name="inner">The caller's body.</param>
    /// <param name="reserved">The place of a lossy reader, held from the beginning; <see langword="null"/> for a try.</param>
    public ReplayContent(ReplayBuffer buffer, HttpContent inner, ReplayCursor? reserved)
    {
        Buffer = buffer;
        _inner = inner;
        _reserved = reserved;
        foreach (var header in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    public ReplayBuffer Buffer { get; }

    /// <summary>Whether it could not keep up.</summary>
    public bool IsCutOff => _reserved is { IsCutOff: true };

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var cursor = Buffer.Begin(_reserved, context);
        Exception? failure = null;
        try
        {
            while (true)
            {
                var step = Buffer.Read(cursor);
                switch (step.Kind)
                {
                    case ReplayStepKind.Data:
                        await stream.WriteAsync(step.Data, cancellationToken).ConfigureAwait(false);
                        Buffer.Advance(cursor, step.Data.Length);
                        break;
                    case ReplayStepKind.Flush:
                        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
                        break;
                    case ReplayStepKind.Wait:
                        await step.Change!.WaitAsync(cancellationToken).ConfigureAwait(false); // set with this kind
                        break;
                    default:
                        return;
                }
            }
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            Buffer.Leave(cursor, failure);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        var known = _inner.Headers.ContentLength;
        length = known ?? 0;
        return known is not null;
    }

    /// <summary>Gives a reserved place back. The caller's body is not disposed of.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _reserved is not null)
        {
            Buffer.Leave(_reserved, failure: null);
        }

        base.Dispose(disposing);
    }
}
