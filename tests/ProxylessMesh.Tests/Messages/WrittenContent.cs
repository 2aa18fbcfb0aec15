using System.Net;

namespace ProxylessMesh.Tests.Messages;

/// <summary>A body of a type that nobody knows, which writes itself as the test says; counts how often it was asked to.</summary>
internal sealed class WrittenContent(Func<Stream, CancellationToken, Task> write) : HttpContent
{
    private int _count;

    /// <summary>How often it was sent.</summary>
    public int Count => Volatile.Read(ref _count);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _count);
        return write(stream, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
