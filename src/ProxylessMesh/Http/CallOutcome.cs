using ProxylessMesh.Messages;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>How a call, or an attempt, ended, in the words of telemetry.</summary>
/// <param name="Response">What was answered, if anything was.</param>
/// <param name="IsComplete">Whether its body was read to the end.</param>
/// <param name="Failure">Why it was not, if it is not that nobody wanted it.</param>
internal readonly record struct CallOutcome(HttpResponseMessage? Response, bool IsComplete, Exception? Failure)
{
    private const int Cancelled = 1;
    private const int Unavailable = 14;

    public int? StatusCode => (int?)Response?.StatusCode;

    /// <summary>For an HTTP request; <see langword="null"/> when it went well.</summary>
    public string? ErrorType => FailureType ?? (StatusCode >= 400 ? TelemetryNames.Of(StatusCode.Value) : null);

    /// <summary>What kind of failure it was; <see langword="null"/> when there was an answer.</summary>
    public string? FailureType => Failure switch
    {
        MeshRequestException mesh => TelemetryNames.Of(mesh.Reason),
        not null => Failure.GetType().FullName,
        null => null,
    };

    /// <summary>The number of a gRPC call's status.</summary>
    public int GrpcStatus
    {
        get
        {
            // In the headers of a Trailers-Only response, else in the trailers, which are there once the body has ended.
            if (Response is { } response)
            {
                if (response.Headers.NonValidated.TryGetValues("grpc-status", out var status) || response.TrailingHeaders.NonValidated.TryGetValues("grpc-status", out status))
                {
                    return TelemetryNames.ParseGrpcStatus(status.ToString());
                }

                if (IsComplete)
                {
                    return TelemetryNames.ParseGrpcStatus(LocalReply.GrpcStatus((int)response.StatusCode));
                }
            }

            return Failure is null or OperationCanceledException ? Cancelled : Unavailable;
        }
    }
}
