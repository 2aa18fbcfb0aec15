namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads whether a service keeps requests near the client: <c>trafficDistribution</c>, or the annotation that stands for it.</summary>
internal static class TrafficDistributionReader
{
    private const string Field = "trafficDistribution";
    private const string Annotation = "networking.istio.io/traffic-distribution";

    public static bool Read(MeshDocument document, FieldReader spec)
        => spec.String(Field) is { } distribution ? IsClose(distribution, spec, Field) : ReadAnnotation(document);

    public static bool ReadAnnotation(MeshDocument document)
        => document.Annotations.TryGetValue(Annotation, out var distribution) && IsClose(distribution, document.Fields, "metadata");

    private static bool IsClose(string distribution, FieldReader owner, string key)
    {
        if (distribution is "PreferClose" or "PreferSameZone" or "PreferSameNode")
        {
            return true;
        }

        var what = key == Field ? "" : $"the annotation {Annotation} ";
        owner.Error(key, $"{what}must be PreferClose, PreferSameZone or PreferSameNode, not '{distribution}'");
        return false;
    }
}
