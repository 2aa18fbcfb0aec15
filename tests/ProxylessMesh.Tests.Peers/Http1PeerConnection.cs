using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ProxylessMesh.Tests.Peers;

/// <summary>One connection at an <see cref="Http1Peer"/>. For one reader.</summary>
public sealed class Http1PeerConnection
{
    private readonly Http1Peer _peer;
    private readonly Stream _stream;
    private readonly CancellationToken _cancellationToken;

    internal Http1PeerConnection(Http1Peer peer, Stream stream, int number, CancellationToken cancellationToken)
    {
        _peer = peer;
        _stream = stream;
        _cancellationToken = cancellationToken;
        Number = number;
    }

    /// <summary>1 for the first at its peer.</summary>
    public int Number { get; }

    /// <summary>The head of the next request, after a body of known length was read too; <see langword="null"/> once the client has closed the connection.</summary>
    public async Task<string?> NextRequestAsync()
    {
        if (await NextHeadAsync() is not { } head)
        {
            return null;
        }

        const string LengthHeader = "\r\nContent-Length: ";
        var at = head.IndexOf(LengthHeader, StringComparison.OrdinalIgnoreCase);
        if (at >= 0)
        {
            var value = head[(at + LengthHeader.Length)..];
            await _stream.ReadExactlyAsync(new byte[int.Parse(value[..value.IndexOf('\r', StringComparison.Ordinal)], CultureInfo.InvariantCulture)], _cancellationToken);
        }

        return head;
    }

    /// <summary>The head of the next request; its body stays unread.</summary>
    public async Task<string?> NextHeadAsync()
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (await _stream.ReadAsync(one, _cancellationToken) > 0)
        {
            head.Append((char)one[0]);
            if (one[0] == '\n' && head.Length > 3 && head[^3] == '\n')
            {
                var text = head.ToString();
                _peer.OnRequest(text[..text.IndexOf('\r', StringComparison.Ordinal)]);
                return text;
            }
        }

        return null;
    }

    public async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(text), _cancellationToken);

    /// <summary>Has the connection close with a reset once the script returns, so that the client need not take it for one that was idle for too long.</summary>
    public void Abort() => ((NetworkStream)_stream).Socket.LingerState = new LingerOption(enable: true, seconds: 0);

    /// <summary>Reads until the client closes the connection.</summary>
    public async Task DrainAsync()
    {
        var buffer = new byte[4096];
        while (await _stream.ReadAsync(buffer, _cancellationToken) > 0)
        {
        }
    }
}
