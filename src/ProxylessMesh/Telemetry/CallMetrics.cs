using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ProxylessMesh.Telemetry;

/// <summary>The metrics of requests. With nobody listening, one asks <see cref="IsEnabled"/> and does no more. Thread-safe.</summary>
internal sealed class CallMetrics
{
    private readonly Counter<long> _grpcStarted;
    private readonly Histogram<double> _grpcDuration;
    private readonly Histogram<double> _httpDuration;
    private readonly Counter<long> _failures;

    public CallMetrics(Meter meter)
    {
        _grpcStarted = meter.CreateCounter<long>(TelemetryNames.GrpcAttemptStarted, "{attempt}", "Number of gRPC call attempts started, including those that have not completed.");
        _grpcDuration = meter.CreateHistogram(
            TelemetryNames.GrpcAttemptDuration,
            "s",
            "End-to-end time taken to complete a gRPC call attempt, to the end of its response's body.",
            tags: null,
            new InstrumentAdvice<double>
            {
                // gRFC A66
                HistogramBucketBoundaries =
                [
                    0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.013, 0.016, 0.02, 0.025, 0.03, 0.04,
                    0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 2, 5, 10, 20, 50, 100,
                ],
            });
        _httpDuration = meter.CreateHistogram(
            TelemetryNames.HttpAttemptDuration,
            "s",
            "Time taken to complete an HTTP request's attempt through the mesh, to the end of its response's body.",
            tags: null,
            new InstrumentAdvice<double>
            {
                // as for OpenTelemetry's http.client.request.duration
                HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
            });
        _failures = meter.CreateCounter<long>(TelemetryNames.Failures, "{request}", "Number of requests that the mesh could not send to an endpoint.");
    }

    /// <summary>Whether anybody listens to what attempts say.</summary>
    public bool IsEnabled => _grpcDuration.Enabled || _httpDuration.Enabled || _grpcStarted.Enabled;

    public void OnGrpcStarted(string method, string target)
        => _grpcStarted.Add(1, new KeyValuePair<string, object?>(TelemetryNames.GrpcMethod, method), new KeyValuePair<string, object?>(TelemetryNames.GrpcTarget, target));

    public void OnGrpcEnded(TimeSpan duration, string method, string target, string cluster, string status) => _grpcDuration.Record(duration.TotalSeconds, new TagList
    {
        { TelemetryNames.GrpcMethod, method },
        { TelemetryNames.GrpcTarget, target },
        { TelemetryNames.GrpcStatus, status },
        { TelemetryNames.GrpcBackendService, cluster },
    });

    /// <param name="duration">Of the attempt.</param>
    /// <param name="method">As the convention has it: a known one, or <c>_OTHER</c>.</param>
    /// <param name="cluster">Where it went.</param>
    /// <param name="statusCode">What was answered, or <see langword="null"/>.</param>
    /// <param name="error">What went wrong, or <see langword="null"/>.</param>
    public void OnHttpEnded(TimeSpan duration, string method, string cluster, int? statusCode, string? error)
    {
        var tags = new TagList { { TelemetryNames.HttpMethod, method }, { TelemetryNames.Cluster, cluster } };
        if (statusCode is { } code)
        {
            tags.Add(TelemetryNames.HttpStatusCode, code);
        }

        if (error is not null)
        {
            tags.Add(TelemetryNames.ErrorType, error);
        }

        _httpDuration.Record(duration.TotalSeconds, in tags);
    }

    public void OnFailed(MeshFailureReason reason, string authority)
    {
        if (_failures.Enabled)
        {
            _failures.Add(
                1,
                new KeyValuePair<string, object?>(TelemetryNames.ErrorType, TelemetryNames.Of(reason)),
                new KeyValuePair<string, object?>(TelemetryNames.ServerAddress, authority));
        }
    }
}
