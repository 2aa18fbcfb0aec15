using System.Net;
using System.Runtime.ExceptionServices;

namespace ProxylessMesh.Messages;

/// <summary>
/// A body that is read once and sent by several readers: append-only, bounded, filled by a pump. As long as everything that came is kept
/// (at most the limit) a reader may begin. What does not fit any more waits for the slowest reader; then what all have passed is dropped, and with it the
/// way for new readers. A lossy reader never sets the pace: it is cut off where it holds up the others. One lock for each body, held
/// for moments: those who meet in it belong to one request.
/// </summary>
internal sealed class ReplayBuffer
{
    private readonly Lock _lock = new();
    private readonly HttpContent _content;
    private readonly int _limit;
    private readonly ReplayPump _pump;
    private readonly ReplaySegments _kept = new();

    /// <summary>Those that read, and lossy ones that are going to.</summary>
    private readonly List<ReplayCursor> _cursors = new(1);
    private long _flushes;
    private bool _isComplete;
    private bool _isCommitted;

    /// <summary>Whether a try was opened that has not begun: it may be the last.</summary>
    private bool _isAwaited;

    /// <summary>Whether the pump was told that nobody reads the rest.</summary>
    private bool _isEnded;
    private Exception? _failure;
    private Exception? _lastReaderFailure;
    private TaskCompletionSource? _room;

    /// <param name="content">The caller's body.</param>
    /// <param name="limit">How much is kept at most, in bytes.</param>
    public ReplayBuffer(HttpContent content, int limit)
    {
        _content = content;
        _limit = Math.Max(limit, 1);
        _pump = new ReplayPump(content, this);
    }

    /// <summary>Whether a reader that begins now gets everything.</summary>
    public bool CanReplay
    {
        get
        {
            lock (_lock)
            {
                return !_isCommitted && _kept.Start == 0 && _failure is null;
            }
        }
    }

    private bool IsUnwanted => _isCommitted && !_isAwaited && !HasTriesNeedsLock();

    public ReplayContent Open()
    {
        lock (_lock)
        {
            _isAwaited = true;
        }

        return new ReplayContent(this, _content, reserved: null);
    }

    public ReplayContent OpenLossy()
    {
        var cursor = new ReplayCursor(isLossy: true);
        lock (_lock)
        {
            cursor.IsCutOff = _kept.Start > 0;
            _cursors.Add(cursor);
        }

        return new ReplayContent(this, _content, cursor);
    }

    public void Commit()
    {
        lock (_lock)
        {
            _isCommitted = true;
            DropPassedNeedsLock();
        }

        EndIfUnwanted();
    }

    /// <summary>The request is over: a try that was opened and has not begun never will.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isAwaited = false;
        }

        Commit();
    }

    /// <summary>A reader begins, and with the first one the reading of the caller's body.</summary>
    /// <param name="reserved">Its place, where it has one.</param>
    /// <param name="context">The connection's.</param>
    /// <exception cref="RequestSpentException">The beginning is not kept any more.</exception>
    public ReplayCursor Begin(ReplayCursor? reserved, TransportContext? context)
    {
        var cursor = reserved ?? new ReplayCursor(isLossy: false);
        lock (_lock)
        {
            if (_kept.Start > 0 || cursor.HasBegun)
            {
                throw Spent();
            }

            cursor.HasBegun = true;
            if (reserved is null)
            {
                _isAwaited = false;
                _cursors.Add(cursor);
            }
        }

        _pump.Start(context);
        return cursor;
    }

    /// <summary>What a reader does next.</summary>
    /// <exception cref="IOException">It was cut off.</exception>
    public ReplayStep Read(ReplayCursor cursor)
    {
        lock (_lock)
        {
            if (cursor.IsCutOff)
            {
                throw new IOException("the copy of the request could not keep up with the request");
            }

            if (_failure is not null)
            {
                ExceptionDispatchInfo.Throw(_failure);
            }

            if (cursor.Position < _kept.End)
            {
                return new ReplayStep(ReplayStepKind.Data, _kept.Read(cursor));
            }

            if (cursor.Flushes < _flushes)
            {
                cursor.Flushes = _flushes;
                return new ReplayStep(ReplayStepKind.Flush);
            }

            if (_isComplete)
            {
                return new ReplayStep(ReplayStepKind.End);
            }

            cursor.Waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ReplayStep(ReplayStepKind.Wait, Change: cursor.Waiter.Task);
        }
    }

    /// <summary>A reader has sent so many bytes more.</summary>
    public void Advance(ReplayCursor cursor, int count)
    {
        lock (_lock)
        {
            cursor.Position += count;
            if (_isCommitted || _kept.Start > 0)
            {
                DropPassedNeedsLock();
            }

            WakePumpNeedsLock();
        }
    }

    /// <summary>A reader is done, or its try has ended; harmless when repeated.</summary>
    public void Leave(ReplayCursor cursor, Exception? failure)
    {
        lock (_lock)
        {
            if (!_cursors.Remove(cursor))
            {
                return;
            }

            if (!cursor.IsLossy)
            {
                _lastReaderFailure = failure;
            }

            if (_isCommitted)
            {
                DropPassedNeedsLock();
            }

            WakePumpNeedsLock();
        }

        EndIfUnwanted();
    }

    /// <summary>Takes as much as there is room for.</summary>
    /// <param name="data">What is written; afterwards what was not taken.</param>
    /// <param name="room">Completes when there may be room for that.</param>
    /// <returns>Whether everything was taken.</returns>
    /// <exception cref="IOException">Nobody wants it any more.</exception>
    public bool TryAppend(ref ReadOnlyMemory<byte> data, out Task room)
    {
        lock (_lock)
        {
            while (!data.IsEmpty)
            {
                if (IsUnwanted)
                {
                    throw new IOException("the request has ended before its content was sent", _lastReaderFailure);
                }

                var free = FreeNeedsLock(data.Length);
                if (free == 0)
                {
                    _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    room = _room.Task;
                    return false;
                }

                data = data[_kept.Append(data.Span[..Math.Min(free, data.Length)])..];
                WakeReadersNeedsLock();
            }
        }

        room = Task.CompletedTask;
        return true;
    }

    /// <summary>What has been written is to reach the endpoint now.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            _flushes++;
            WakeReadersNeedsLock();
        }
    }

    /// <summary>The caller's body has been read.</summary>
    /// <param name="failure">What it failed with, which is what every reader then fails with.</param>
    public void Complete(Exception? failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
            _isComplete = true;
            WakeReadersNeedsLock();
        }
    }

    private static RequestSpentException Spent() => new("the request's content was on its way already and cannot be sent again: not all of it is kept", null);

    /// <summary>A body of which nobody reads the rest is not waited on.</summary>
    private void EndIfUnwanted()
    {
        lock (_lock)
        {
            if (_isComplete || _isEnded || !IsUnwanted)
            {
                return;
            }

            // A copy, too, has had what it gets: the caller's body may be slow to learn that it is over.
            _isEnded = true;
            _failure = Spent();
            WakeReadersNeedsLock();
            WakePumpNeedsLock();
        }

        _pump.Cancel();
    }

    private bool HasTriesNeedsLock()
    {
        foreach (var cursor in _cursors)
        {
            if (!cursor.IsLossy)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How much more may be kept: what stands in the way is dropped, if those that are to read it have.</summary>
    private int FreeNeedsLock(int wanted)
    {
        if (_limit - _kept.Count < wanted && HasTriesNeedsLock())
        {
            // 1. What everybody has passed. 2. What only those have not that nobody waits for.
            _isAwaited = false;
            DropPassedNeedsLock();
            if (_limit == _kept.Count)
            {
                CutOffNeedsLock();
                DropPassedNeedsLock();
            }
        }

        return _limit - _kept.Count;
    }

    private void CutOffNeedsLock()
    {
        var slowest = long.MaxValue;
        foreach (var cursor in _cursors)
        {
            slowest = cursor.IsLossy ? slowest : Math.Min(slowest, cursor.Position);
        }

        foreach (var cursor in _cursors)
        {
            if (cursor is { IsLossy: true, IsCutOff: false } && cursor.Position < slowest)
            {
                cursor.IsCutOff = true;
                cursor.Waiter?.TrySetResult();
                _kept.Hold();
            }
        }
    }

    private void DropPassedNeedsLock()
    {
        var passed = _kept.End;
        var hasTries = false;
        foreach (var cursor in _cursors)
        {
            if (!cursor.IsCutOff)
            {
                hasTries |= !cursor.IsLossy;
                passed = Math.Min(passed, cursor.Position);
            }
        }

        // A try that was opened, and one that may still be, begins at the beginning.
        if (hasTries && !_isAwaited)
        {
            _kept.DropTo(passed);
        }
    }

    private void WakePumpNeedsLock()
    {
        _room?.SetResult();
        _room = null;
    }

    private void WakeReadersNeedsLock()
    {
        foreach (var cursor in _cursors)
        {
            cursor.Waiter?.TrySetResult();
            cursor.Waiter = null;
        }
    }
}
