using ProxylessMesh.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the mesh's health check.</summary>
public static class MeshHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a health check named <c>mesh</c>: degraded while the control plane cannot be reached and the last good
    /// configuration is in use, unhealthy when there is none.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <returns>The same builder.</returns>
    public static IHealthChecksBuilder AddMesh(this IHealthChecksBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCheck<MeshHealthCheck>("mesh");
    }
}
