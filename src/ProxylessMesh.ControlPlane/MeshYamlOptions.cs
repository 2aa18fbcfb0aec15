namespace ProxylessMesh.ControlPlane;

/// <summary>Who this process is to a mesh file that it reads itself: what decides its view of the mesh.</summary>
public sealed class MeshYamlOptions
{
    /// <summary>The namespace: completes names of one label, and decides what is visible (<c>exportTo</c>, Sidecar) and which rules apply.</summary>
    /// <value>Default: <c>default</c>.</value>
    public string Namespace { get; set; } = "default";

    /// <summary>The labels that <c>sourceLabels</c> and workload selectors are held against.</summary>
    /// <value>Default: none.</value>
    public IDictionary<string, string> Labels { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Where the process runs, as <c>region/zone/subzone</c>; parts may be left out from the right.</summary>
    /// <value>Default: empty, unknown.</value>
    public string Locality { get; set; } = "";
}
