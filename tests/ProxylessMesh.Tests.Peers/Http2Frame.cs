namespace ProxylessMesh.Tests.Peers;

/// <summary>One frame of HTTP/2 as it is on the wire (RFC 9113, section 4).</summary>
public sealed record Http2Frame(byte Type, byte Flags, int StreamId, byte[] Payload)
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte ResetStream = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;

    /// <summary>Of DATA and HEADERS.</summary>
    public const byte EndStream = 1;

    /// <summary>Of SETTINGS and PING.</summary>
    public const byte Ack = 1;

    public const byte EndHeaders = 4;

    public bool IsEndOfStream => Type is Data or Headers && (Flags & EndStream) != 0;
}
