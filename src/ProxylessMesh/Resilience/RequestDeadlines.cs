using System.Collections.Concurrent;

namespace ProxylessMesh.Resilience;

/// <summary>Gives requests their deadlines, and keeps a few for the next ones: a timer and a token source cost more than the request. Thread-safe.</summary>
internal sealed class RequestDeadlines(TimeProvider timeProvider)
{
    private const int MaxKept = 256;

    /// <summary>What a timer can wait for at most; it is armed again when that was not enough.</summary>
    private static readonly TimeSpan MaxTimer = TimeSpan.FromDays(40);

    private readonly ConcurrentQueue<RequestDeadline> _kept = new();
    private int _count;

    /// <inheritdoc cref="RequestDeadline.Begin"/>
    public RequestDeadline Begin(TimeSpan? stream, TimeSpan? route, TimeSpan? idle, bool isKept, CancellationToken caller)
    {
        if (_kept.TryDequeue(out var deadline))
        {
            Interlocked.Decrement(ref _count);
        }
        else
        {
            deadline = new RequestDeadline(this, timeProvider);
        }

        deadline.Begin(stream, route, idle, isKept, caller);
        return deadline;
    }

    public void Return(RequestDeadline deadline)
    {
        if (Interlocked.Increment(ref _count) <= MaxKept)
        {
            _kept.Enqueue(deadline);
        }
        else
        {
            Interlocked.Decrement(ref _count);
            deadline.Dispose();
        }
    }

    /// <summary>A time to wait, in whole milliseconds as timers take it, and never less than it is.</summary>
    internal static TimeSpan ToTimer(TimeSpan due)
        => due >= MaxTimer ? MaxTimer : TimeSpan.FromMilliseconds(Math.Ceiling(due.TotalMilliseconds));
}
