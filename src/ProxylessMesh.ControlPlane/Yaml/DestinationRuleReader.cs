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
            LoadBalancer = ReadTrafficPolicy(spec),
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
            LoadBalancer = ReadTrafficPolicy(subset),
        };
        subset.Finish();
        return result;
    }

    private static LoadBalancerKind? ReadTrafficPolicy(FieldReader owner)
        => owner.Object("trafficPolicy", policy =>
        {
            var choice = policy.Object("loadBalancer", ReadLoadBalancer);
            policy.Finish("connectionPool", "outlierDetection", "tls", "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget");
            return choice ?? LoadBalancerChoice.NotGiven;
        })?.Kind;

    private static LoadBalancerChoice ReadLoadBalancer(FieldReader loadBalancer)
    {
        var simple = loadBalancer.String("simple");
        loadBalancer.Finish("consistentHash", "localityLbSetting", "warmup", "warmupDurationSecs");
        switch (simple)
        {
            case null or "UNSPECIFIED":
                return LoadBalancerChoice.NotGiven;
            case "ROUND_ROBIN":
                return new LoadBalancerChoice(LoadBalancerKind.RoundRobin);
            case "LEAST_REQUEST" or "LEAST_CONN":
                return new LoadBalancerChoice(LoadBalancerKind.LeastRequest);
            case "RANDOM" or "PASSTHROUGH":
                loadBalancer.Error("simple", $"{simple} is not supported in this version; use ROUND_ROBIN or LEAST_REQUEST");
                return LoadBalancerChoice.NotGiven;
            default:
                loadBalancer.Error("simple", $"must be one of ROUND_ROBIN, LEAST_REQUEST, LEAST_CONN, UNSPECIFIED, not '{simple}'");
                return LoadBalancerChoice.NotGiven;
        }
    }

    /// <summary>A choice that may be left open, as the object that <see cref="FieldReader.Object"/> hands through.</summary>
    private sealed record LoadBalancerChoice(LoadBalancerKind? Kind)
    {
        public static readonly LoadBalancerChoice NotGiven = new((LoadBalancerKind?)null);
    }
}
