namespace ProxylessMesh;

/// <summary>What to name to whatever collects the mesh's telemetry, such as OpenTelemetry's <c>AddMeter(MeshTelemetry.MeterName)</c>.</summary>
public static class MeshTelemetry
{
    /// <summary>The meter of all the mesh's instruments: <c>ProxylessMesh</c>. Each mesh has a meter of its own by this name.</summary>
    public const string MeterName = "ProxylessMesh";
}
