using ProxylessMesh.Messages;

namespace ProxylessMesh.Resilience;

/// <summary>
/// The end of one request's time, from its beginning to the end of its response's body, whatever number of attempts it takes: an
/// attempt is sent with <see cref="Token"/>, which also follows the caller's until the response comes. Made by
/// <see cref="RequestDeadlines"/>, and used again after <see cref="End"/>.
/// </summary>
internal sealed class RequestDeadline : IBodyObserver, IDisposable
{
    private const long Idle = 0;
    private const long Running = 1;
    private const long Expired = 2;
    private const long Cancelled = 3;
    private const long StateMask = 3;

    /// <summary>Added for each request.</summary>
    private const long NextRequest = 4;

    private readonly RequestDeadlines _owner;
    private readonly TimeProvider _timeProvider;
    private readonly CancellationTokenSource _source = new();
    private readonly ITimer _timer;
    private CancellationTokenRegistration _caller;
    private TimeSpan? _stream;
    private TimeSpan? _route;
    private TimeSpan? _idle;
    private long _start;

    /// <summary>When something last came or went, in ticks since the start.</summary>
    private long _activeTicks;
    private long _dueTicks;

    /// <summary>One of the states, and above its bits the number of the request: a timer that is late for one request must not end the next.</summary>
    private long _state;
    private bool _isKept;

    public RequestDeadline(RequestDeadlines owner, TimeProvider timeProvider)
    {
        _owner = owner;
        _timeProvider = timeProvider;

        // A timer keeps the context it is made in: it must not be that of the request which happens to be the first.
        using (ExecutionContext.SuppressFlow())
        {
            _timer = timeProvider.CreateTimer(static state => ((RequestDeadline)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Cancelled when the time is over, and while no response has come also when the caller cancels.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the time is over.</summary>
    public bool IsExpired => State == Expired;

    /// <summary>Whether it was the limit of a stream that ended the time, not the route's timeout.</summary>
    public bool IsStreamLimit { get; private set; }

    /// <summary>Whether it was silence that ended the time.</summary>
    public bool IsIdle { get; private set; }

    /// <summary>How long the request was allowed to take, or to be silent.</summary>
    public TimeSpan Limit => (IsIdle ? _idle : IsStreamLimit ? _stream : _route).GetValueOrDefault();

    /// <summary>The shorter of its limits.</summary>
    public TimeSpan? Shortest => _stream is null || _route < _stream ? _route : _stream;

    /// <summary>Whether the moment at which the request has been sent in full begins a limit.</summary>
    public bool AwaitsSent => _route is not null;

    /// <summary>Whether it counts what comes and goes.</summary>
    public bool AwaitsActivity => _idle is not null;

    private long State => Volatile.Read(ref _state) & StateMask;

    /// <summary>What is left; never negative.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var left = TimeSpan.FromTicks(Volatile.Read(ref _dueTicks)) - _timeProvider.GetElapsedTime(_start);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Begins a request's time.</summary>
    /// <param name="stream">How long it may take from its beginning; <see langword="null"/> for no such limit.</param>
    /// <param name="route">How long it may take once it has been sent in full; <see langword="null"/> for no such limit.</param>
    /// <param name="idle">How long nothing may come or go; <see langword="null"/> for no such limit.</param>
    /// <param name="isKept">Whether nobody will hold on to the token after the response: what sends a body may.</param>
    /// <param name="caller">Cancelled when the caller no longer wants the request.</param>
    public void Begin(TimeSpan? stream, TimeSpan? route, TimeSpan? idle, bool isKept, CancellationToken caller)
    {
        _stream = stream;
        _route = route;
        _idle = idle;
        _isKept = isKept;
        _start = _timeProvider.GetTimestamp();
        IsStreamLimit = true;
        IsIdle = false;
        Volatile.Write(ref _activeTicks, 0);
        Volatile.Write(ref _dueTicks, stream?.Ticks ?? long.MaxValue);
        Volatile.Write(ref _state, (Volatile.Read(ref _state) & ~StateMask) + NextRequest + Running);
        if ((stream < idle ? stream : idle ?? stream) is { } limit)
        {
            Arm(limit);
        }

        _caller = caller.UnsafeRegister(static state => ((RequestDeadline)state!).OnCallerCancelled(), this);
    }

    /// <summary>The request has been sent in full: the route's timeout begins. An attempt that sends it once more changes nothing.</summary>
    public void OnSent()
    {
        if (_route is not { } route || !IsStreamLimit || State != Running)
        {
            return;
        }

        var due = _timeProvider.GetElapsedTime(_start) + route;
        if (due.Ticks < Volatile.Read(ref _dueTicks))
        {
            IsStreamLimit = false;
            Volatile.Write(ref _dueTicks, due.Ticks);
            Arm(_idle < route ? _idle.Value : route);
        }
    }

    /// <summary>Something came or went.</summary>
    public void OnActivity()
    {
        if (_idle is not null)
        {
            Volatile.Write(ref _activeTicks, _timeProvider.GetElapsedTime(_start).Ticks);
        }
    }

    /// <summary>The response has come: a caller who cancels its request now means the body, and says so to the body.</summary>
    public void LeaveCaller()
    {
        _caller.Dispose();
        _caller = default;
    }

    /// <summary>The request is over.</summary>
    /// <param name="isUnused">Whether nobody holds the token any more, so that the next request may have it.</param>
    public void End(bool isUnused)
    {
        LeaveCaller();
        if (!TryLeave(Volatile.Read(ref _state), Idle) || !isUnused || !_isKept || !_source.TryReset())
        {
            Dispose();
            return;
        }

        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _owner.Return(this);
    }

    /// <summary>The source is not disposed with the timer: a token may be asked for a little longer than the request lasts.</summary>
    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        var state = Volatile.Read(ref _state);
        if ((state & StateMask) != Running)
        {
            return;
        }

        // Early by its clock's grain, or meant for the request before.
        var left = Remaining;
        var quiet = _idle is { } idle ? TimeSpan.FromTicks(Volatile.Read(ref _activeTicks)) + idle - _timeProvider.GetElapsedTime(_start) : TimeSpan.MaxValue;
        if (left > TimeSpan.Zero && quiet > TimeSpan.Zero)
        {
            Arm(quiet < left ? quiet : left);
            return;
        }

        IsIdle = left > TimeSpan.Zero;
        if (TryLeave(state, Expired))
        {
            _source.Cancel();
        }
    }

    private void OnCallerCancelled()
    {
        if (TryLeave(Volatile.Read(ref _state), Cancelled))
        {
            _source.Cancel();
        }
    }

    /// <summary>Ends the request that was found running, unless something else has.</summary>
    private bool TryLeave(long found, long next)
        => (found & StateMask) == Running && Interlocked.CompareExchange(ref _state, (found & ~StateMask) | next, found) == found;

    private void Arm(TimeSpan due) => _timer.Change(RequestDeadlines.ToTimer(due), Timeout.InfiniteTimeSpan);
}
