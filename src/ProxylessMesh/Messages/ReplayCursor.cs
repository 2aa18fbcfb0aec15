namespace ProxylessMesh.Messages;

/// <summary>How far one reader of a <see cref="ReplayBuffer"/> has come. Guarded by the buffer's lock, but for <see cref="IsCutOff"/>.</summary>
/// <param name="isLossy">Whether it is cut off where it cannot keep up, instead of setting the pace.</param>
internal sealed class ReplayCursor(bool isLossy)
{
    private volatile bool _isCutOff;

    public bool IsLossy { get; } = isLossy;

    public long Position { get; set; }

    /// <summary>Where it reads; <see langword="null"/> at the beginning.</summary>
    public ReplaySegment? Segment { get; set; }

    /// <summary>The last flush that it has passed on.</summary>
    public long Flushes { get; set; }

    public bool HasBegun { get; set; }

    public bool IsCutOff
    {
        get => _isCutOff;
        set => _isCutOff = value;
    }

    /// <summary>Completed when there is something to do for a reader that waits.</summary>
    public TaskCompletionSource? Waiter { get; set; }
}
