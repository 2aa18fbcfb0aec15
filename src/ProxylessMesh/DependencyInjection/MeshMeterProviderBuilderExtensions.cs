using ProxylessMesh;

namespace OpenTelemetry.Metrics;

/// <summary>Adds the mesh to what OpenTelemetry measures.</summary>
public static class MeshMeterProviderBuilderExtensions
{
    /// <summary>Listens to the mesh's instruments: requests and their attempts (gRFC A66, OpenTelemetry's semantic conventions) and the xDS client (gRFC A78).</summary>
    /// <param name="builder">The builder, such as <c>services.AddOpenTelemetry().WithMetrics(...)</c> gives it.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static MeterProviderBuilder AddMeshInstrumentation(this MeterProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddMeter(MeshTelemetry.MeterName);
    }
}
