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

    /// <summary>
    /// Whether a content gives the same bytes whenever it is sent. A stream that cannot is left to say so itself; of a type that is
    /// not known, nothing is assumed.
    /// </summary>
    public static bool IsNeeded(HttpContent content) => content switch
    {
        ByteArrayContent or ReadOnlyMemoryContent or StreamContent or System.Net.Http.Json.JsonContent => false,
        MultipartContent parts => parts.Any(IsNeeded),
        IForwardingContent forwarding => IsNeeded(forwarding.Inner),
        _ => !IsGrpcMessage(content.GetType()),
    };

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

    /// <summary>The one message of a unary or server-streaming call of grpc-dotnet, whose class is not public.</summary>
    private static bool IsGrpcMessage(Type type) => type.Name == "PushUnaryContent`2" && type.Namespace == "Grpc.Net.Client.Internal";

    private void Begin()
    {
        if (Interlocked.Increment(ref _sent) > 1)
        {
            throw new RequestSpentException("the request's content was on its way already and cannot be sent again", null);
        }
    }
}
