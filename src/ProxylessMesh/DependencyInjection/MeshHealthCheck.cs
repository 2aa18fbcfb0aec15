using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ProxylessMesh.DependencyInjection;

/// <summary>
/// The mesh's health. Healthy: the control plane answers, or nothing was asked of it yet. Degraded: it cannot be reached, and traffic goes on with
/// the last good configuration. Unhealthy: the mesh could not start, or the control plane cannot be reached and no configuration ever came.
/// </summary>
internal sealed class MeshHealthCheck(MeshRuntime mesh) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (mesh.Client is not { } client)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("The mesh has not started."));
        }

        if (client.UnreachableReason is not { } reason)
        {
            return Task.FromResult(HealthCheckResult.Healthy());
        }

        var hasConfiguration = mesh.Snapshot.Listeners.Values.Any(listener => listener.Routes is not null);
        return Task.FromResult(hasConfiguration
            ? HealthCheckResult.Degraded($"The control plane cannot be reached: {reason}. Traffic goes on with the last good configuration.")
            : new HealthCheckResult(context.Registration.FailureStatus, $"The control plane cannot be reached, and no configuration has come: {reason}."));
    }
}
