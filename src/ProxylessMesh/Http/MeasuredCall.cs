using System.Diagnostics;
using ProxylessMesh.Messages;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>One call of a client, with all its attempts, while somebody listens: from when it enters the mesh to the end of its response's body.</summary>
internal sealed class MeasuredCall
{
    private readonly CallMetrics _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly RequestDescription _request;
    private readonly long _start;
    private Activity? _span;
    private HttpResponseMessage? _response;

    private MeasuredCall(CallMetrics metrics, TimeProvider timeProvider, HttpRequestMessage request, MeshAuthority authority)
    {
        _metrics = metrics;
        _timeProvider = timeProvider;
        var isGrpc = GrpcMessage.IsGrpc(request);
        var uri = request.RequestUri!; // a request without a URI does not enter the mesh
        _request = new RequestDescription(isGrpc, isGrpc ? uri.AbsolutePath.TrimStart('/') : TelemetryNames.KnownMethod(request.Method.Method), authority.Target, uri);
        _start = timeProvider.GetTimestamp();
    }

    /// <summary>What is asked for.</summary>
    public ref readonly RequestDescription Request => ref _request;

    /// <summary>Begins to measure. This question is all that a call costs with nobody listening.</summary>
    /// <returns><see langword="null"/> with nobody listening.</returns>
    public static MeasuredCall? TryStart(CallMetrics metrics, TimeProvider timeProvider, HttpRequestMessage request, MeshAuthority authority)
        => metrics.IsEnabled || MeshTracer.IsEnabled ? new MeasuredCall(metrics, timeProvider, request, authority) : null;

    /// <summary>Sends the call, within its span, and follows it to the end of its response.</summary>
    /// <param name="send">Sends it.</param>
    public async Task<HttpResponseMessage> RunAsync(Func<MeasuredCall, Task<HttpResponseMessage>> send)
    {
        // What an asynchronous method makes the current span is so for what it calls, and not for its caller.
        _span = MeshTracer.StartCall(in _request);
        try
        {
            var response = await send(this).ConfigureAwait(false);
            _response = response;
            var body = response.Content is IForwardingContent forwarding ? forwarding.Inner : response.Content;
            if (body is not TrackedContent content || !content.TryMeasure(this))
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

    /// <summary>Begins the measurement of an attempt.</summary>
    /// <param name="previousAttempts">How many attempts went before.</param>
    /// <param name="cluster">Where it goes.</param>
    public MeasuredAttempt StartAttempt(int previousAttempts, string cluster) => new(this, _metrics, _timeProvider, previousAttempts, cluster);

    /// <summary>The mesh could not send the call.</summary>
    /// <param name="flags">In Envoy's short names; empty for none.</param>
    /// <param name="details">In Envoy's words.</param>
    public void OnFailed(string flags, string details)
    {
        if (_span is { IsAllDataRequested: true } span)
        {
            MeshTracer.SetFailure(span, flags, details);
        }
    }

    /// <summary>The call is over. Called once.</summary>
    /// <param name="isComplete">Whether the body was read to its end.</param>
    /// <param name="failure">Why it was not, if it is not that nobody wanted it.</param>
    public void End(bool isComplete, Exception? failure)
    {
        var outcome = new CallOutcome(_response, isComplete, failure);
        if (_request.IsGrpc)
        {
            var status = outcome.GrpcStatus;
            _metrics.OnGrpcCallEnded(_timeProvider.GetElapsedTime(_start), in _request, status);
            if (_span is not null)
            {
                MeshTracer.StopGrpc(_span, status, outcome.FailureType);
            }
        }
        else if (_span is not null)
        {
            MeshTracer.StopHttp(_span, outcome.StatusCode, outcome.ErrorType);
        }
    }
}
