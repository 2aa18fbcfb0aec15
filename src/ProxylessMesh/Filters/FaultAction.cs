using System.Globalization;
using ProxylessMesh.Messages;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Filters;

/// <summary>The faults of one request, which counts as one with a fault until they are over.</summary>
/// <param name="name">The filter's name.</param>
/// <param name="environment">What filters share.</param>
/// <param name="cluster">Where the request goes.</param>
internal sealed class FaultAction(string name, FilterEnvironment environment, string cluster) : FilterAction
{
    private const string Body = "fault filter abort";

    /// <summary>What a timer can wait for at most.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromDays(40);

    public TimeSpan? Delay { get; init; }

    public FaultAnswer? Abort { get; init; }

    /// <summary>How fast the body of the response may come; <see langword="null"/> for as fast as it does.</summary>
    public long? BytesPerSecond { get; init; }

    public override async Task<HttpResponseMessage> RunAsync(FilterRequest request, FilterNext next, CancellationToken cancellationToken)
    {
        var isActive = true;
        try
        {
            // 1. The delay. The route's timeout has not begun yet; a call's own deadline goes on.
            if (Delay is { } delay)
            {
                environment.Faults.OnInjected(TelemetryNames.FaultDelay, cluster);
                request.Explanation?.OnFilter(name, string.Create(CultureInfo.InvariantCulture, $"delayed by {delay.TotalMilliseconds:0} ms ({ResponseFlags.DelayInjected})"));
                await Task.Delay(delay < MaxDelay ? delay : MaxDelay, environment.TimeProvider, cancellationToken).ConfigureAwait(false);
            }

            // 2. The answer in the endpoint's place. It comes from above the attempts: nothing retries it.
            if (Abort is { } abort)
            {
                environment.Faults.OnInjected(TelemetryNames.FaultAbort, cluster);
                request.Explanation?.OnFilter(name, $"aborted with {abort} ({ResponseFlags.FaultInjected})");
                request.Explanation?.OnEnd(Delay is null ? ResponseFlags.FaultInjected : $"{ResponseFlags.DelayInjected},{ResponseFlags.FaultInjected}", ResponseDetails.FaultAbort);
                return abort.Answer(request.Message, Body);
            }

            // 3. The pace of the response. Without one the fault is over with the delay (gRFC A33).
            if (BytesPerSecond is not { } rate)
            {
                isActive = false;
                environment.Faults.Leave();
                return await next(request.Message, cancellationToken).ConfigureAwait(false);
            }

            environment.Faults.OnInjected(TelemetryNames.FaultRateLimit, cluster);
            request.Explanation?.OnFilter(name, string.Create(CultureInfo.InvariantCulture, $"lets {rate / 1024} KiB of the response through a second"));
            var response = await next(request.Message, cancellationToken).ConfigureAwait(false);
            isActive = false;
            response.Content = new PacedContent(response.Content, new Pace(rate, environment.TimeProvider), environment.Faults.Leave);
            return response;
        }
        finally
        {
            if (isActive)
            {
                environment.Faults.Leave();
            }
        }
    }
}

/// <summary>What an aborted request is answered.</summary>
/// <param name="HttpStatus">The status; <see langword="null"/> where gRPC's is given.</param>
/// <param name="GrpcStatus">gRPC's status; others than gRPC callers get a 200 then.</param>
internal sealed record FaultAnswer(int? HttpStatus, uint? GrpcStatus)
{
    public HttpResponseMessage Answer(HttpRequestMessage request, string body)
        => LocalResponse.Create(request, HttpStatus ?? 200, body: body, grpcStatus: GrpcStatus?.ToString(CultureInfo.InvariantCulture));

    public override string ToString() => HttpStatus is { } status
        ? string.Create(CultureInfo.InvariantCulture, $"status {status}")
        : string.Create(CultureInfo.InvariantCulture, $"gRPC status {GrpcStatus}");
}
