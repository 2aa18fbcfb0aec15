namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Failures on purpose (<c>HTTPFaultInjection</c>).</summary>
internal sealed record HttpFault(FaultDelay? Delay, FaultAbort? Abort);

/// <param name="Time">How long a request is held back.</param>
/// <param name="Share">Of the requests.</param>
internal sealed record FaultDelay(TimeSpan Time, Share Share);

/// <summary>An answer in the place of the endpoint's; exactly one of the statuses is given.</summary>
/// <param name="HttpStatus">The status of the answer.</param>
/// <param name="GrpcStatus">The number of the gRPC status.</param>
/// <param name="Share">Of the requests; <see langword="null"/>: none.</param>
internal sealed record FaultAbort(int? HttpStatus, int? GrpcStatus, Share? Share);
