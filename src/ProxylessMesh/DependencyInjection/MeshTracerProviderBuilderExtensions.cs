using ProxylessMesh;

namespace OpenTelemetry.Trace;

/// <summary>Adds the mesh to what OpenTelemetry traces.</summary>
public static class MeshTracerProviderBuilderExtensions
{
    /// <summary>
    /// Listens to the mesh's spans: one for each call and one for each attempt (gRFC A72 for gRPC calls, OpenTelemetry's semantic conventions for
    /// HTTP clients). <c>AddHttpClientInstrumentation()</c> is not needed beside it; together with it, each attempt holds one more span.
    /// </summary>
    /// <param name="builder">The builder, such as <c>services.AddOpenTelemetry().WithTracing(...)</c> gives it.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static TracerProviderBuilder AddMeshInstrumentation(this TracerProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSource(MeshTelemetry.ActivitySourceName);
    }
}
