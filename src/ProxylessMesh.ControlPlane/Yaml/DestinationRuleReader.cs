using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads the spec of a DestinationRule.</summary>
internal static class DestinationRuleReader
{
    public static DestinationRule Read(ResourceIdentity identity, FieldReader spec)
    {
        var host = HostReader.ReadOne(spec, "host", isPattern: true);
        var rule = new DestinationRule
        {
            Identity = identity,
            Host = new HostReference(host, spec.Field("host")),
            TrafficPolicy = spec.Object("trafficPolicy", TrafficPolicyReader.Read),
            Subsets = spec.Objects("subsets", ReadSubset),
            ExportTo = VisibilityReader.ReadExportTo(spec),
            Workloads = SelectorReader.Read(spec, "matchLabels"),
        };
        spec.Finish();

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var subset in rule.Subsets)
        {
            if (subset.Name.Length > 0 && !names.Add(subset.Name))
            {
                spec.Error(subset.Source, $"subset '{subset.Name}' is declared twice; rename one");
            }
        }

        return rule;
    }

    private static Subset ReadSubset(FieldReader subset)
    {
        var name = subset.RequiredString("name");
        if (name.Contains('|', StringComparison.Ordinal))
        {
            subset.Error("name", $"'{name}' must not hold '|', which separates the parts of a cluster's name");
        }

        var result = new Subset
        {
            Name = name,
            Source = subset.Field("name"),
            Labels = subset.StringMap("labels"),
            TrafficPolicy = subset.Object("trafficPolicy", TrafficPolicyReader.Read),
        };
        subset.Finish();
        return result;
    }
}
