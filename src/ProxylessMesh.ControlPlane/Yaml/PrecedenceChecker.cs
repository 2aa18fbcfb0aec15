using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.World;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>
/// Warns of what loses by Istio's precedence. Where Istio lets the oldest win, the first in the file wins: VirtualServices of one
/// host are not merged, nor are subsets of one name.
/// </summary>
internal static class PrecedenceChecker
{
    public static void Check(MeshWorld world, ProblemCollector problems)
    {
        CheckVirtualServices(world, problems);
        CheckRules(world, problems);
    }

    private static void CheckVirtualServices(MeshWorld world, ProblemCollector problems)
    {
        var byDefault = world.Model.Settings.VirtualServiceExportTo;
        var owners = new Dictionary<(string Host, int? Port), List<VirtualService>>();
        foreach (var candidate in world.VirtualServices.Where(candidate => candidate.IsForMesh))
        {
            foreach (var host in candidate.Hosts)
            {
                var key = (ServiceNames.CompleteReference(host.Host, candidate.Identity.Namespace), candidate.Port);
                if (!owners.TryGetValue(key, out var earlier))
                {
                    owners[key] = [candidate];
                    continue;
                }

                if (earlier.Find(other => Beats(other, candidate, byDefault)) is { } owner)
                {
                    problems.Warning(candidate.Identity, host.Source, $"host '{host.Host}' is routed by {owner.Identity}, which comes first; this one has no effect for it");
                }

                earlier.Add(candidate);
            }
        }
    }

    // For every client that sees the later: the earlier is seen too, and ranks no lower.
    private static bool Beats(VirtualService earlier, VirtualService later, ExportScope byDefault)
    {
        var first = earlier.ExportTo ?? byDefault;
        var second = later.ExportTo ?? byDefault;
        return second.Targets.Contains(ExportScope.All)
            ? first.Targets.Contains(ExportScope.All)
            : earlier.Identity.Namespace == later.Identity.Namespace && first.Targets.SequenceEqual(second.Targets);
    }

    private static void CheckRules(MeshWorld world, ProblemCollector problems)
    {
        var subsets = new Dictionary<(string Namespace, string Host, string Subset), ResourceIdentity>();
        foreach (var rule in world.Model.DestinationRules.Where(rule => rule.Workloads is null))
        {
            var host = ServiceNames.CompleteReference(rule.Host.Host, rule.Identity.Namespace);
            foreach (var subset in rule.Subsets)
            {
                if (!subsets.TryAdd((rule.Identity.Namespace, host, subset.Name), rule.Identity) && subsets[(rule.Identity.Namespace, host, subset.Name)] != rule.Identity)
                {
                    problems.Warning(rule.Identity, subset.Source, $"subset '{subset.Name}' of '{host}' is declared by an earlier DestinationRule; this one has no effect");
                }
            }

            var service = world.FindService(rule.Host.Host, rule.Identity.Namespace);
            if (service is not null && rule.Identity.Namespace != service.Identity.Namespace && rule.Identity.Namespace != world.Model.Settings.RootNamespace)
            {
                problems.Warning(
                    rule.Identity,
                    rule.Host.Source,
                    $"is in another namespace than {service.Identity}, which declares the host; it has effect for clients of namespace '{rule.Identity.Namespace}' only");
            }
        }
    }
}
