using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>
/// Finds the DestinationRules that are in force for a client: those of its own namespace, else of the service's, else of the
/// root namespace. The first namespace that has any wins as a whole. Within it the most precise host wins; rules of the same
/// host are merged: their subsets add up, the first traffic policy stays.
/// </summary>
internal sealed class RuleIndex
{
    private readonly Dictionary<string, HostIndex<DestinationRule>> _byNamespace = new(StringComparer.Ordinal);
    private readonly string _clientNamespace;
    private readonly string _rootNamespace;

    public RuleIndex(MeshModel model, MeshClient client)
    {
        _clientNamespace = client.Namespace;
        _rootNamespace = model.Settings.RootNamespace;
        foreach (var rule in model.DestinationRules.Where(rule => IsFor(rule, client, model.Settings)).OrderBy(rule => rule.Workloads is null ? 1 : 0))
        {
            var ns = rule.Identity.Namespace;
            if (!_byNamespace.TryGetValue(ns, out var index))
            {
                _byNamespace[ns] = index = new HostIndex<DestinationRule>();
            }

            index.Add(rule.Host.Host, rule);
            var completed = ServiceNames.CompleteReference(rule.Host.Host, ns);
            if (completed != rule.Host.Host && !HostPattern.IsWildcard(rule.Host.Host))
            {
                index.Add(completed, rule);
            }
        }
    }

    public MeshService Join(MeshService service)
    {
        TrafficPolicy? policy = null;
        var subsets = ImmutableArray.CreateBuilder<Subset>();
        foreach (var rule in RulesOf(service))
        {
            policy ??= rule.TrafficPolicy;
            subsets.AddRange(rule.Subsets.Where(subset => subsets.All(other => other.Name != subset.Name)).ToArray());
        }

        return service with { TrafficPolicy = policy ?? TrafficPolicy.None, Subsets = subsets.ToImmutable() };
    }

    private IReadOnlyList<DestinationRule> RulesOf(MeshService service)
    {
        foreach (var ns in (string[])[_clientNamespace, service.Identity.Namespace, _rootNamespace])
        {
            if (_byNamespace.TryGetValue(ns, out var index)
                && index.MostPrecise(service.Host) is { Count: > 0 } rules)
            {
                return rules;
            }
        }

        return [];
    }

    // A rule for some workloads only is private to its namespace.
    private static bool IsFor(DestinationRule rule, MeshClient client, MeshSettings settings) => rule.Workloads is { } workloads
        ? rule.Identity.Namespace == client.Namespace && workloads.Selects(client.Labels)
        : (rule.ExportTo ?? settings.DestinationRuleExportTo).Reaches(rule.Identity.Namespace, client.Namespace);
}
