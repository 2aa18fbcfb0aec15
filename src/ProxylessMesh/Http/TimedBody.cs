using ProxylessMesh.Resilience;

namespace ProxylessMesh.Http;

/// <summary>
/// The end of a request's time while its response's body is under way: the body breaks off then, whether somebody reads it or
/// not. A gRPC caller reads trailers instead, with the status that the rest of the call has come to.
/// </summary>
internal sealed class TimedBody
{
    private const int Idle = 0;
    private const int Reading = 1;
    private const int Closed = 2;

    private readonly RequestDeadline _deadline;
    private readonly string _route;
    private readonly HttpResponseMessage _response;
    private readonly TrackedContent? _content;
    private readonly bool _isGrpc;
    private CancellationTokenRegistration _registration;
    private int _state;
    private int _isExpired;

    /// <param name="deadline">The request's; ended with the body.</param>
    /// <param name="route">The name of its route, for the caller.</param>
    /// <param name="response">The response.</param>
    /// <param name="isGrpc">Whether the caller reads trailers.</param>
    public TimedBody(RequestDeadline deadline, string route, HttpResponseMessage response, bool isGrpc)
    {
        _deadline = deadline;
        _route = route;
        _response = response;
        _content = response.Content as TrackedContent;
        _isGrpc = isGrpc;
    }

    /// <summary>Limits the body from now on.</summary>
    /// <returns>Whether there is one; otherwise the response has ended.</returns>
    public bool TryBegin() => _content?.TryLimit(this) == true;

    public CancellationToken Token => _deadline.Token;

    /// <summary>Whether the time is over; certain while a read is under way.</summary>
    public bool IsExpired => Volatile.Read(ref _isExpired) != 0 || (Volatile.Read(ref _state) == Reading && _deadline.IsExpired);

    /// <summary>Watches the time from now on.</summary>
    public void Begin() => _registration = _deadline.Token.UnsafeRegister(static state => ((TimedBody)state!).OnExpired(), this);

    /// <summary>A read begins.</summary>
    /// <returns>Whether it may; otherwise the body has ended, in time or not.</returns>
    public bool TryEnter() => Interlocked.CompareExchange(ref _state, Reading, Idle) == Idle;

    /// <summary>Something came, or went.</summary>
    public void OnActivity() => _deadline.OnActivity();

    /// <summary>The read is over.</summary>
    public void Leave()
    {
        OnActivity();
        if (Interlocked.CompareExchange(ref _state, Idle, Reading) == Closed && IsExpired)
        {
            _content?.Break();
        }
    }

    /// <summary>The body has ended. Called once.</summary>
    public void End()
    {
        _registration.Unregister();
        var isIdle = Interlocked.Exchange(ref _state, Closed) == Idle;
        _deadline.End(isUnused: isIdle);

        // A read under way is told by its token, and breaks the connection when it has ended.
        if (isIdle && IsExpired)
        {
            _content?.Break();
        }
    }

    /// <summary>Tells a reader that the time is over: by the end of the body for a gRPC caller, who reads the trailers then.</summary>
    /// <exception cref="MeshRequestException">For everybody else.</exception>
    public int Expire(Exception? cause)
    {
        Mark();
        return _isGrpc ? 0 : throw Failure().ToException(cause);
    }

    private void OnExpired()
    {
        if (!_deadline.IsExpired)
        {
            return;
        }

        Mark();
        _content?.Fail(Failure().ToException());
    }

    private MeshFailure Failure() => MeshFailure.Timeout(_deadline, _route, " before the response's end");

    /// <summary>The reader of the body and the clock both come here; the first one leaves the status.</summary>
    private void Mark()
    {
        if (Interlocked.Exchange(ref _isExpired, 1) == 0 && _isGrpc && !_response.TrailingHeaders.NonValidated.Contains("grpc-status"))
        {
            // Where the endpoint's own trailers came in the same moment, they stand.
            Failure().AddGrpcStatus(_response.TrailingHeaders);
        }
    }
}
