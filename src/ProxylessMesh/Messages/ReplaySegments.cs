namespace ProxylessMesh.Messages;

/// <summary>The bytes of a <see cref="ReplayBuffer"/> that are kept, in pieces. Guarded by the buffer's lock.</summary>
internal sealed class ReplaySegments
{
    private const int MinSize = 1024;
    private const int MaxSize = 16 * 1024;

    private ReplaySegment? _first;
    private ReplaySegment? _last;
    private bool _isLastHeld;

    /// <summary>What is kept begins here.</summary>
    public long Start { get; private set; }

    /// <summary>And ends here: so much was written.</summary>
    public long End { get; private set; }

    public int Count => (int)(End - Start);

    /// <returns>How much of it was taken, at least one byte.</returns>
    public int Append(ReadOnlySpan<byte> data)
    {
        var segment = Writable(data.Length);
        var count = Math.Min(data.Length, segment.Data.Length - segment.Length);
        data[..count].CopyTo(segment.Data.AsSpan(segment.Length));
        segment.Length += count;
        End += count;
        return count;
    }

    /// <summary>What comes next for a reader that is not at the end; valid until it has passed it.</summary>
    public ReadOnlyMemory<byte> Read(ReplayCursor cursor)
    {
        var segment = cursor.Segment ?? _first!; // it is not at the end: something was written
        while (segment.End <= cursor.Position)
        {
            segment = segment.Next!; // what is not in this one is in a later one
        }

        cursor.Segment = segment;
        var offset = (int)(cursor.Position - segment.Start);
        return segment.Data.AsMemory(offset, segment.Length - offset);
    }

    /// <summary>Nobody will read what is before <paramref name="position"/>.</summary>
    public void DropTo(long position)
    {
        Start = position;
        while (_first is { Next: { } next } first && first.End <= position)
        {
            _first = next;
        }
    }

    /// <summary>Somebody may hold bytes that count as passed: they are not written over.</summary>
    public void Hold() => _isLastHeld = true;

    /// <summary>A piece with room: the last one, the last one anew when all that is in it was passed, or a new one.</summary>
    private ReplaySegment Writable(int wanted)
    {
        if (_last is { } last)
        {
            if (last.Length < last.Data.Length)
            {
                return last;
            }

            if (Count == 0 && !_isLastHeld)
            {
                last.Start = End;
                last.Length = 0;
                _first = last;
                return last;
            }
        }

        var added = new ReplaySegment(End, new byte[Math.Clamp(wanted, _last is null ? MinSize : Math.Min(_last.Data.Length * 2, MaxSize), MaxSize)]);
        _first ??= added;
        _last?.Next = added;
        _last = added;
        _isLastHeld = false;
        return added;
    }
}
