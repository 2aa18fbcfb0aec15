using System.Diagnostics.Metrics;
using ProxylessMesh.Configuration;
using ProxylessMesh.Filters;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Tests.Filters;

/// <summary>What filters share, for tests of single ones.</summary>
internal static class FilterEnvironments
{
    public static FilterEnvironment Create(Meter meter, TimeProvider clock, IRandomSource random, FaultMetrics? faults = null) => new(clock, random, faults ?? new FaultMetrics(meter))
    {
        RateLimits = new RateLimitEnvironment(new RateLimitMetrics(meter), new RateLimitOrigin("", "127.0.0.1"), new NoServices()),
    };

    private sealed class NoServices : IRateLimitServices
    {
        public IRateLimitService Open(GrpcServiceConfig config) => throw new InvalidOperationException("These filters ask nobody.");
    }
}
