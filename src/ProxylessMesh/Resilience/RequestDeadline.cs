namespace ProxylessMesh.Resilience;

/// <summary>
/// The end of one request's time, from its beginning to the end of its response's body, whatever number of attempts it takes: an
/// attempt is sent with <see cref="Token"/>, which also follows the caller's until the response comes. Made by
/// <see cref="RequestDeadlines"/>, and used again after <see cref="End"/>.
/// </summary>
internal sealed class RequestDeadline : IDisposable
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int Expired = 2;
    private const int Cancelled = 3;

    private readonly RequestDeadlines _owner;
    private readonly TimeProvider _timeProvider;
    private readonly CancellationTokenSource _source = new();
    private readonly ITimer _timer;
    private CancellationTokenRegistration _caller;
    private TimeSpan? _stream;
    private TimeSpan? _route;
    private long _start;
    private long _dueTicks;
    private int _state;
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
    public bool IsExpired => Volatile.Read(ref _state) == Expired;

    /// <summary>Whether it was the limit of a stream that ended the time, not the route's timeout.</summary>
    public bool IsStreamLimit { get; private set; }

    /// <summary>How long the request was allowed to take.</summary>
    public TimeSpan Limit => (IsStreamLimit ? _stream : _route).GetValueOrDefault();

    /// <summary>Whether the moment at which the request has been sent in full begins a limit.</summary>
    public bool AwaitsSent => _route is not null;

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
    /// <param name="isKept">Whether nobody will hold on to the token after the response: what sends a body may.</param>
    /// <param name="caller">Cancelled when the caller no longer wants the request.</param>
    public void Begin(TimeSpan? stream, TimeSpan? route, bool isKept, CancellationToken caller)
    {
        _stream = stream;
        _route = route;
        _isKept = isKept;
        _start = _timeProvider.GetTimestamp();
        IsStreamLimit = true;
        Volatile.Write(ref _dueTicks, stream?.Ticks ?? long.MaxValue);
        Volatile.Write(ref _state, Running);
        if (stream is { } limit)
        {
            Arm(limit);
        }

        _caller = caller.UnsafeRegister(static state => ((RequestDeadline)state!).OnCallerCancelled(), this);
    }

    /// <summary>The request has been sent in full: the route's timeout begins. An attempt that sends it once more changes nothing.</summary>
    public void OnSent()
    {
        if (_route is not { } route || !IsStreamLimit || Volatile.Read(ref _state) != Running)
        {
            return;
        }

        var due = _timeProvider.GetElapsedTime(_start) + route;
        if (due.Ticks < Volatile.Read(ref _dueTicks))
        {
            IsStreamLimit = false;
            Volatile.Write(ref _dueTicks, due.Ticks);
            Arm(route);
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
        if (Interlocked.CompareExchange(ref _state, Idle, Running) != Running || !isUnused || !_isKept || !_source.TryReset())
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
        if (Volatile.Read(ref _state) != Running)
        {
            return;
        }

        // Early by its clock's grain, or meant for the request before.
        if (Remaining is var left && left > TimeSpan.Zero)
        {
            Arm(left);
        }
        else if (Interlocked.CompareExchange(ref _state, Expired, Running) == Running)
        {
            _source.Cancel();
        }
    }

    private void OnCallerCancelled()
    {
        if (Interlocked.CompareExchange(ref _state, Cancelled, Running) == Running)
        {
            _source.Cancel();
        }
    }

    private void Arm(TimeSpan due) => _timer.Change(RequestDeadlines.ToTimer(due), Timeout.InfiniteTimeSpan);
}
