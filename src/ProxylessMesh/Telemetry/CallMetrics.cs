using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ProxylessMesh.Telemetry;

/// <summary>The metrics of requests. With nobody listening, one asks <see cref="IsEnabled"/> and does no more. Thread-safe.</summary>
internal sealed class CallMetrics
{
    private readonly Counter<long> _grpcStarted;
    private readonly Histogram<double> _grpcDuration;
    private readonly Histogram<double> _grpcCallDuration;
    private readonly Histogram<double> _httpDuration;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _mirrored;
    private readonly Counter<long> _retries;

    public CallMetrics(Meter meter)
    {
        _grpcStarted = meter.CreateCounter<long>(TelemetryNames.GrpcAttemptStarted, "{attempt}", "Number of gRPC call attempts started, including those that have not completed.");
        _grpcDuration = GrpcLatency(meter, TelemetryNames.GrpcAttemptDuration, "End-to-end time taken to complete a gRPC call attempt, to the end of its response's body.");
        _grpcCallDuration = GrpcLatency(meter, TelemetryNames.GrpcCallDuration, "End-to-end time taken to complete a gRPC call with all its attempts, to the end of its response's body.");
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
        _retries = meter.CreateCounter<long>(TelemetryNames.Retries, "{attempt}", "Number of attempts that ended so that their route's policy would try again, and what came of it.");
        _failures = meter.CreateCounter<long>(TelemetryNames.Failures, "{request}", "Number of requests that the mesh could not send to an endpoint.");
        _mirrored = meter.CreateCounter<long>(TelemetryNames.Mirrored, "{request}", "Number of copies of requests that mirror policies asked for, by what became of them.");
    }

    /// <summary>Whether anybody listens to what attempts say.</summary>
    public bool IsEnabled => _grpcDuration.Enabled || _httpDuration.Enabled || _grpcCallDuration.Enabled || _grpcStarted.Enabled;

    public void OnGrpcStarted(in RequestDescription request) => _grpcStarted.Add(
        1,
        new KeyValuePair<string, object?>(TelemetryNames.GrpcMethod, request.Method),
        new KeyValuePair<string, object?>(TelemetryNames.GrpcTarget, request.Target));

    /// <summary>An attempt of a gRPC call is over.</summary>
    public void OnGrpcEnded(TimeSpan duration, in RequestDescription request, string cluster, string locality, int status) => _grpcDuration.Record(duration.TotalSeconds, new TagList
    {
        { TelemetryNames.GrpcMethod, request.Method },
        { TelemetryNames.GrpcTarget, request.Target },
        { TelemetryNames.GrpcStatus, TelemetryNames.OfGrpcStatus(status) },
        { TelemetryNames.GrpcBackendService, cluster },
        { TelemetryNames.GrpcLocality, locality },
    });

    /// <summary>A gRPC call is over.</summary>
    public void OnGrpcCallEnded(TimeSpan duration, in RequestDescription request, int status) => _grpcCallDuration.Record(
        duration.TotalSeconds,
        new KeyValuePair<string, object?>(TelemetryNames.GrpcMethod, request.Method),
        new KeyValuePair<string, object?>(TelemetryNames.GrpcTarget, request.Target),
        new KeyValuePair<string, object?>(TelemetryNames.GrpcStatus, TelemetryNames.OfGrpcStatus(status)));

    /// <param name="duration">Of the attempt.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="cluster">Where it went.</param>
    /// <param name="statusCode">What was answered, or <see langword="null"/>.</param>
    /// <param name="error">What went wrong, or <see langword="null"/>.</param>
    public void OnHttpEnded(TimeSpan duration, in RequestDescription request, string cluster, int? statusCode, string? error)
    {
        var tags = new TagList { { TelemetryNames.HttpMethod, request.Method }, { TelemetryNames.Cluster, cluster } };
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

    /// <param name="cluster">Where the copy was to go; empty for a name that no configuration gave.</param>
    /// <param name="outcome">What became of it.</param>
    public void OnMirrored(string cluster, MirrorOutcome outcome)
    {
        if (_mirrored.Enabled)
        {
            _mirrored.Add(
                1,
                new KeyValuePair<string, object?>(TelemetryNames.Cluster, cluster),
                new KeyValuePair<string, object?>(TelemetryNames.MirrorOutcome, TelemetryNames.Of(outcome)));
        }
    }

    /// <summary>An attempt has ended so that its policy would try again, or one of several at once was not needed.</summary>
    /// <param name="cluster">Where it went.</param>
    /// <param name="reason">Why: a status, or how it broke off.</param>
    /// <param name="outcome">What came of it, for example <c>retried</c>.</param>
    public void OnRetry(string cluster, string reason, string outcome)
    {
        if (_retries.Enabled)
        {
            _retries.Add(
                1,
                new KeyValuePair<string, object?>(TelemetryNames.Cluster, cluster),
                new KeyValuePair<string, object?>(TelemetryNames.RetryReason, reason),
                new KeyValuePair<string, object?>(TelemetryNames.RetryOutcome, outcome));
        }
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

    private static Histogram<double> GrpcLatency(Meter meter, string name, string description) => meter.CreateHistogram(
        name,
        "s",
        description,
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
}
