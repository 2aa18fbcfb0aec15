namespace ProxylessMesh;

/// <summary>
/// What to name to whatever collects the mesh's telemetry. OpenTelemetry has <c>AddMeshInstrumentation()</c> for both of its builders, which
/// names them.
/// </summary>
public static class MeshTelemetry
{
    /// <summary>The meter of all the mesh's instruments: <c>ProxylessMesh</c>. Each mesh has a meter of its own by this name.</summary>
    public const string MeterName = "ProxylessMesh";

    /// <summary>The source of all the mesh's spans: <c>ProxylessMesh</c>.</summary>
    public const string ActivitySourceName = "ProxylessMesh";

    /// <summary>What the meter and the source give as their version.</summary>
    internal static string? Version { get; } = typeof(MeshTelemetry).Assembly.GetName().Version?.ToString(3);
}
