using ProxylessMesh.Resilience;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Http;

/// <summary>What the tries of all requests share.</summary>
/// <param name="Pipeline">Hands failures to callers, and begins anew.</param>
/// <param name="Random">For picks and jitter.</param>
/// <param name="TimeProvider">For waits.</param>
/// <param name="Deadlines">For the time of single tries.</param>
/// <param name="IsGrpcDialect">Whether gRPC calls are tried again as gRPC does it.</param>
/// <param name="Metrics">Where retries are counted.</param>
internal sealed record AttemptEnvironment(
    MeshPipeline Pipeline, IRandomSource Random, TimeProvider TimeProvider, RequestDeadlines Deadlines, bool IsGrpcDialect, CallMetrics Metrics);
