namespace ProxylessMesh.Messages;

/// <summary>A piece of <see cref="ReplaySegments"/>. Bytes that are there never change while a reader may hold them.</summary>
internal sealed class ReplaySegment(long start, byte[] data)
{
    public long Start { get; set; } = start;

    public byte[] Data { get; } = data;

    public int Length { get; set; }

    public ReplaySegment? Next { get; set; }

    public long End => Start + Length;
}
