using System.Diagnostics;
using ProxylessMesh.Clusters;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>One attempt to have a call answered, while somebody listens: from the choice of an endpoint to the end of the response's body.</summary>
internal sealed class MeasuredAttempt
{
    private static readonly object Ended = new();

    private readonly CallMetrics _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly int _previousAttempts;
    private readonly string _cluster;
    private readonly long _start;
    private Activity? _span;
    private HttpResponseMessage? _response;
    private EndpointState? _peer;

    /// <summary>The call that ends with it, or <see cref="Ended"/>. The request's time may be over at any moment, on another thread.</summary>
    private object? _finishes;

    public MeasuredAttempt(MeasuredCall call, CallMetrics metrics, TimeProvider timeProvider, int previousAttempts, string cluster)
    {
        Call = call;
        _metrics = metrics;
        _timeProvider = timeProvider;
        _previousAttempts = previousAttempts;
        _cluster = cluster;
        _start = timeProvider.GetTimestamp();
        if (call.Request.IsGrpc)
        {
            metrics.OnGrpcStarted(in call.Request);
        }
    }

    /// <summary>The call that it is an attempt of.</summary>
    public MeasuredCall Call { get; }

    /// <summary>The endpoint whose lease the response holds.</summary>
    public EndpointState? Endpoint { get; set; }

    /// <summary>Has the call end with this attempt, whose response is its response.</summary>
    /// <returns>Whether it will; otherwise the attempt has ended.</returns>
    public bool TryFinish(MeasuredCall call) => Interlocked.CompareExchange(ref _finishes, call, null) is null;

    /// <summary>Sends the attempt, within its span, and follows it to the end of its response.</summary>
    /// <param name="send">Sends it.</param>
    /// <param name="requestTry">Knows how it ended, where that is a value and no exception.</param>
    public async Task<HttpResponseMessage> RunAsync(Func<Task<HttpResponseMessage>> send, RequestTry? requestTry)
    {
        _span = MeshTracer.StartAttempt(in Call.Request, _previousAttempts, _cluster);
        try
        {
            var response = await send().ConfigureAwait(false);
            if (requestTry?.Failure is { } failure)
            {
                End(isComplete: false, failure.ToException());
                return response;
            }

            _response = response;
            if (response.Content is not TrackedContent content || !content.TryMeasure(this))
            {
                End(isComplete: true, failure: null);
            }

            return response;
        }
        catch (Exception exception)
        {
            End(isComplete: false, exception);
            throw;
        }
    }

    /// <summary>The attempt goes to this endpoint; one that refused the connection may have gone before it.</summary>
    public void OnEndpoint(EndpointState endpoint)
    {
        _peer = endpoint;
        if (_span is { IsAllDataRequested: true } span)
        {
            MeshTracer.SetPeer(span, endpoint.Address.Host, endpoint.Address.Port, LocalityLabel.Of(endpoint.Locality));
        }
    }

    /// <summary>The attempt is over. Called once.</summary>
    /// <param name="isComplete">Whether the body was read to its end.</param>
    /// <param name="failure">Why it was not, if it is not that nobody wanted it.</param>
    public void End(bool isComplete, Exception? failure)
    {
        var duration = _timeProvider.GetElapsedTime(_start);
        var outcome = new CallOutcome(_response, isComplete, failure);
        if (Call.Request.IsGrpc)
        {
            var status = outcome.GrpcStatus;
            _metrics.OnGrpcEnded(duration, in Call.Request, _cluster, LocalityLabel.Of(_peer?.Locality), status);
            if (_span is not null)
            {
                MeshTracer.StopGrpc(_span, status, outcome.FailureType);
            }
        }
        else
        {
            _metrics.OnHttpEnded(duration, in Call.Request, _cluster, outcome.StatusCode, outcome.ErrorType);
            if (_span is not null)
            {
                MeshTracer.StopHttp(_span, outcome.StatusCode, outcome.ErrorType);
            }
        }

        (Interlocked.Exchange(ref _finishes, Ended) as MeasuredCall)?.End(isComplete, failure);
    }
}
