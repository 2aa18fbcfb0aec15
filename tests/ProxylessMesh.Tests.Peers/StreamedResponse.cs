using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace ProxylessMesh.Tests.Peers;

/// <summary>A response whose body the test writes chunk by chunk. The headers are sent when the request arrives.</summary>
public sealed class StreamedResponse
{
    private readonly Channel<string> _chunks = Channel.CreateUnbounded<string>();
    private readonly HttpContext _context;

    private readonly CancellationToken _aborted; // the context itself is gone with the request

    internal StreamedResponse(HttpContext context)
    {
        _context = context;
        _aborted = context.RequestAborted;
    }

    /// <summary>Queues one chunk; it is flushed to the client on its own.</summary>
    public void Write(string chunk)
    {
        if (!_chunks.Writer.TryWrite(chunk))
        {
            throw new InvalidOperationException("The response has ended.");
        }
    }

    /// <summary>Ends the body in order, after the chunks written before.</summary>
    public void Complete() => _chunks.Writer.TryComplete();

    /// <summary>Breaks the body off: RST_STREAM over HTTP/2, a closed connection over HTTP/1.1.</summary>
    public void Abort() => _context.Abort();

    /// <summary>Whether the client has gone away.</summary>
    public bool IsAborted => _aborted.IsCancellationRequested;

    internal async Task RunAsync()
    {
        await _context.Response.StartAsync(_context.RequestAborted);
        await _context.Response.Body.FlushAsync(_context.RequestAborted);

        await foreach (var chunk in _chunks.Reader.ReadAllAsync(_context.RequestAborted))
        {
            await _context.Response.WriteAsync(chunk, _context.RequestAborted);
            await _context.Response.Body.FlushAsync(_context.RequestAborted);
        }
    }
}
