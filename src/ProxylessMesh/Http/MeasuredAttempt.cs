using ProxylessMesh.Clusters;
using ProxylessMesh.Routing;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>One attempt to have a request answered, while somebody listens: from the choice of an endpoint to the end of the response's body.</summary>
internal sealed class MeasuredAttempt
{
    private const string Cancelled = "CANCELLED";
    private const string Unavailable = "UNAVAILABLE";

    private readonly CallMetrics _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly string _cluster;
    private readonly string _method;
    private readonly string _target;
    private readonly bool _isGrpc;
    private readonly long _start;
    private HttpResponseMessage? _response;

    public MeasuredAttempt(CallMetrics metrics, TimeProvider timeProvider, HttpRequestMessage request, MeshAuthority authority, string cluster)
    {
        _metrics = metrics;
        _timeProvider = timeProvider;
        _cluster = cluster;
        _target = authority.Target;
        _isGrpc = MeshFailure.IsGrpc(request);
        _method = _isGrpc ? request.RequestUri!.AbsolutePath.TrimStart('/') : KnownMethod(request.Method.Method); // a request without a URI does not enter the mesh
        _start = timeProvider.GetTimestamp();
        if (_isGrpc)
        {
            metrics.OnGrpcStarted(_method, _target);
        }
    }

    /// <summary>The endpoint whose lease the response holds.</summary>
    public EndpointState? Endpoint { get; set; }

    /// <summary>Follows the request to its response, and has that tell when its body ends.</summary>
    public async Task<HttpResponseMessage> SeeAsync(Task<HttpResponseMessage> sending)
    {
        try
        {
            var response = await sending.ConfigureAwait(false);
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

    /// <summary>The attempt is over. Called once.</summary>
    /// <param name="isComplete">Whether the body was read to its end.</param>
    /// <param name="failure">Why it was not, if it is not that nobody wanted it.</param>
    public void End(bool isComplete, Exception? failure)
    {
        var duration = _timeProvider.GetElapsedTime(_start);
        if (_isGrpc)
        {
            _metrics.OnGrpcEnded(duration, _method, _target, _cluster, GrpcStatus(isComplete, failure));
            return;
        }

        var code = (int?)_response?.StatusCode;
        _metrics.OnHttpEnded(duration, _method, _cluster, code, ErrorType(code, failure));
    }

    private static string? ErrorType(int? code, Exception? failure) => failure switch
    {
        MeshRequestException mesh => TelemetryNames.Of(mesh.Reason),
        not null => failure.GetType().FullName,
        null => code >= 400 ? TelemetryNames.Of(code.Value) : null,
    };

    /// <summary>An unknown method must not become a time series of its own (OpenTelemetry's HTTP conventions).</summary>
    private static string KnownMethod(string method)
        => method is "GET" or "POST" or "PUT" or "DELETE" or "PATCH" or "HEAD" or "OPTIONS" or "TRACE" or "CONNECT" or "QUERY" ? method : "_OTHER";

    private string GrpcStatus(bool isComplete, Exception? failure)
    {
        // In the headers of a Trailers-Only response, else in the trailers, which are there once the body has ended.
        if (_response is { } response)
        {
            if (response.Headers.NonValidated.TryGetValues("grpc-status", out var status) || response.TrailingHeaders.NonValidated.TryGetValues("grpc-status", out status))
            {
                return TelemetryNames.OfGrpcStatus(status.ToString());
            }

            if (isComplete)
            {
                return TelemetryNames.OfGrpcStatus(LocalReply.GrpcStatus((int)response.StatusCode));
            }
        }

        return failure is null or OperationCanceledException ? Cancelled : Unavailable;
    }
}
