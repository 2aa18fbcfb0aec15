using System.Buffers.Binary;
using System.Text;

namespace ProxylessMesh.Tests.Peers;

/// <summary>One connection at an <see cref="Http2Peer"/>. Settings, pings and windows are dealt with; all else is the script's. For one reader.</summary>
public sealed class Http2PeerConnection
{
    private const int PrefaceLength = 24;
    private const int FrameHeaderLength = 9;
    private const byte Status200 = 0x88; // :status 200 in HPACK's static table

    private readonly Http2Peer _peer;
    private readonly Stream _stream;
    private readonly CancellationToken _cancellationToken;

    internal Http2PeerConnection(Http2Peer peer, Stream stream, int number, CancellationToken cancellationToken)
    {
        _peer = peer;
        _stream = stream;
        _cancellationToken = cancellationToken;
        Number = number;
    }

    /// <summary>1 for the first at its peer.</summary>
    public int Number { get; }

    /// <summary>The next frame of a request: HEADERS, DATA or RST_STREAM; <see langword="null"/> once the client has closed the connection.</summary>
    public async Task<Http2Frame?> NextFrameAsync()
    {
        while (await ReadAsync() is { } frame)
        {
            switch (frame.Type)
            {
                case Http2Frame.Headers:
                    _peer.OnRequest();
                    return frame;
                case Http2Frame.Data:
                    // The windows stay as wide as they were.
                    if (frame.Payload.Length > 0)
                    {
                        await WindowAsync(0, frame.Payload.Length);
                        await WindowAsync(frame.StreamId, frame.Payload.Length);
                    }

                    return frame;
                case Http2Frame.ResetStream:
                    return frame;
                case Http2Frame.Settings or Http2Frame.Ping when (frame.Flags & Http2Frame.Ack) == 0:
                    await SendAsync(frame.Type, Http2Frame.Ack, 0, frame.Type == Http2Frame.Ping ? frame.Payload : []);
                    break;
            }
        }

        return null;
    }

    /// <summary>The stream of the next request whose headers have come, or <see langword="null"/> at the end of the connection.</summary>
    public async Task<int?> NextHeadersAsync()
    {
        while (await NextFrameAsync() is { } frame)
        {
            if (frame.Type == Http2Frame.Headers)
            {
                return frame.StreamId;
            }
        }

        return null;
    }

    /// <summary>The stream of the next request that has come as a whole, or <see langword="null"/> at the end of the connection.</summary>
    public async Task<int?> NextRequestAsync()
    {
        while (await NextFrameAsync() is { } frame)
        {
            if (frame.IsEndOfStream)
            {
                return frame.StreamId;
            }
        }

        return null;
    }

    /// <summary>Reads on until the client closes the connection.</summary>
    public async Task DrainAsync()
    {
        while (await NextFrameAsync() is not null)
        {
        }
    }

    /// <summary>200, the body and the end of the stream.</summary>
    public async Task RespondAsync(int? stream, string body = "")
    {
        await SendAsync(Http2Frame.Headers, Http2Frame.EndHeaders, stream!.Value, [Status200]);
        await SendAsync(Http2Frame.Data, Http2Frame.EndStream, stream.Value, Encoding.UTF8.GetBytes(body));
    }

    /// <summary>The headers of a 200, and no more.</summary>
    public Task BeginResponseAsync(int stream) => SendAsync(Http2Frame.Headers, Http2Frame.EndHeaders, stream, [Status200]);

    /// <summary>A block of header fields, each written out; of a response or of trailers.</summary>
    public Task HeadersAsync(int stream, bool isEnd, params IEnumerable<(string Name, string Value)> fields)
    {
        var block = new List<byte>();
        foreach (var (name, value) in fields)
        {
            // Literal without indexing (RFC 7541, section 6.2.2); nothing here is longer than one byte can say.
            if (name == ":status")
            {
                block.Add(8);
            }
            else
            {
                block.AddRange([0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name)]);
            }

            block.AddRange([(byte)value.Length, .. Encoding.ASCII.GetBytes(value)]);
        }

        return SendAsync(Http2Frame.Headers, (byte)(Http2Frame.EndHeaders | (isEnd ? Http2Frame.EndStream : 0)), stream, [.. block]);
    }

    public Task DataAsync(int stream, bool isEnd, string data) => SendAsync(Http2Frame.Data, isEnd ? Http2Frame.EndStream : (byte)0, stream, Encoding.UTF8.GetBytes(data));

    /// <summary>SETTINGS_MAX_CONCURRENT_STREAMS.</summary>
    public Task MaxStreamsAsync(int count)
    {
        var payload = new byte[6];
        payload[1] = 3;
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(2), count);
        return SendAsync(Http2Frame.Settings, 0, 0, payload);
    }

    public Task ResetAsync(int stream, Http2Error error)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)error);
        return SendAsync(Http2Frame.ResetStream, 0, stream, payload);
    }

    /// <param name="lastStream">Streams above it were not processed.</param>
    /// <param name="error">Why the connection ends.</param>
    public Task GoAwayAsync(int lastStream, Http2Error error = Http2Error.NoError)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, lastStream);
        BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(4), (uint)error);
        return SendAsync(Http2Frame.GoAway, 0, 0, payload);
    }

    internal async Task OpenAsync()
    {
        await _stream.ReadExactlyAsync(new byte[PrefaceLength], _cancellationToken);
        await SendAsync(Http2Frame.Settings, 0, 0, []);
    }

    private Task WindowAsync(int stream, int bytes)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, bytes);
        return SendAsync(Http2Frame.WindowUpdate, 0, stream, payload);
    }

    private async Task SendAsync(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[FrameHeaderLength + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, FrameHeaderLength);
        await _stream.WriteAsync(frame, _cancellationToken);
    }

    private async Task<Http2Frame?> ReadAsync()
    {
        var header = new byte[FrameHeaderLength];
        if (await _stream.ReadAtLeastAsync(header, FrameHeaderLength, throwOnEndOfStream: false, _cancellationToken) < FrameHeaderLength)
        {
            return null;
        }

        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >> 8];
        await _stream.ReadExactlyAsync(payload, _cancellationToken);
        return new Http2Frame(header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)) & int.MaxValue, payload);
    }
}
