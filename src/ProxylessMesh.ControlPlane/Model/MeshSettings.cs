namespace ProxylessMesh.ControlPlane.Model;

/// <summary>What a MeshConfig says of the whole mesh, as far as it concerns a client; the defaults are Istio's.</summary>
internal sealed record MeshSettings
{
    public static readonly MeshSettings Default = new();

    /// <summary>Where resources for every namespace live (<c>rootNamespace</c>).</summary>
    public string RootNamespace { get; init; } = "istio-system";

    /// <summary><c>outboundTrafficPolicy.mode: REGISTRY_ONLY</c>: hosts that nobody declares are refused.</summary>
    public bool IsRegistryOnly { get; init; }

    /// <summary>What routes without retries of their own have (<c>defaultHttpRetryPolicy</c>); <see langword="null"/>: Istio's default.</summary>
    public HttpRetry? DefaultRetry { get; init; }

    public ExportScope ServiceExportTo { get; init; } = ExportScope.Everyone;

    public ExportScope VirtualServiceExportTo { get; init; } = ExportScope.Everyone;

    public ExportScope DestinationRuleExportTo { get; init; } = ExportScope.Everyone;
}
