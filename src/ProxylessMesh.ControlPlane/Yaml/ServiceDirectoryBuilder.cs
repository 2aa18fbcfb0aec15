using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>
/// Joins the resources of a file host by host. Where Istio lets the oldest win, the first in the file wins, with a warning:
/// VirtualServices and ServiceEntries of one host are not merged; DestinationRules of one host and namespace are (their
/// subsets add up, the first traffic policy wins), those of another namespace are left out.
/// </summary>
internal static class ServiceDirectoryBuilder
{
    public static ServiceDirectory Build(MeshModel model, ProblemCollector problems)
    {
        var entries = ClaimHosts(model, problems);
        var bare = new ServiceDirectory([.. entries.Select(pair => new MeshService { Host = pair.Key, Entry = pair.Value })]);
        var routes = ClaimRoutes(model, bare, problems);
        var rules = GroupRules(model, bare, problems);
        return new ServiceDirectory([.. bare.Services.Select(service => Join(service, routes, rules, problems))]);
    }

    // In the order of the file, so that what is generated from it has a stable order too.
    private static List<KeyValuePair<string, ServiceEntry>> ClaimHosts(MeshModel model, ProblemCollector problems)
    {
        var owners = new Dictionary<string, ServiceEntry>(StringComparer.Ordinal);
        var ordered = new List<KeyValuePair<string, ServiceEntry>>();
        foreach (var entry in model.ServiceEntries)
        {
            foreach (var host in entry.Hosts)
            {
                if (owners.TryAdd(host.Host, entry))
                {
                    ordered.Add(new(host.Host, entry));
                }
                else
                {
                    problems.Warning(entry.Identity, host.Source, $"host '{host.Host}' belongs to {owners[host.Host].Identity}, which comes first; this one has no effect for it");
                }
            }
        }

        return ordered;
    }

    private static Dictionary<string, VirtualService> ClaimRoutes(MeshModel model, ServiceDirectory directory, ProblemCollector problems)
    {
        var owners = new Dictionary<string, VirtualService>(StringComparer.Ordinal);
        foreach (var virtualService in model.VirtualServices)
        {
            foreach (var host in virtualService.Hosts)
            {
                if (directory.TryResolveReference(host.Host, virtualService.Identity.Namespace, out var service)
                    && !owners.TryAdd(service.Host, virtualService))
                {
                    problems.Warning(
                        virtualService.Identity,
                        host.Source,
                        $"host '{host.Host}' is routed by {owners[service.Host].Identity}, which comes first; this one has no effect for it");
                }
            }
        }

        return owners;
    }

    private static Dictionary<string, List<DestinationRule>> GroupRules(MeshModel model, ServiceDirectory directory, ProblemCollector problems)
    {
        var groups = new Dictionary<string, List<DestinationRule>>(StringComparer.Ordinal);
        foreach (var rule in model.DestinationRules)
        {
            if (!directory.TryResolveReference(rule.Host.Host, rule.Identity.Namespace, out var service))
            {
                continue;
            }

            if (!groups.TryGetValue(service.Host, out var group))
            {
                groups[service.Host] = [rule];
            }
            else if (string.Equals(group[0].Identity.Namespace, rule.Identity.Namespace, StringComparison.Ordinal))
            {
                group.Add(rule);
            }
            else
            {
                problems.Warning(
                    rule.Identity,
                    rule.Host.Source,
                    $"host '{rule.Host.Host}' has {group[0].Identity}, which comes first and is in another namespace; this one has no effect");
            }
        }

        return groups;
    }

    private static MeshService Join(
        MeshService service,
        Dictionary<string, VirtualService> routes,
        Dictionary<string, List<DestinationRule>> rules,
        ProblemCollector problems)
    {
        var subsets = ImmutableArray.CreateBuilder<Subset>();
        LoadBalancerKind? loadBalancer = null;
        foreach (var rule in rules.GetValueOrDefault(service.Host) ?? [])
        {
            loadBalancer ??= rule.LoadBalancer;
            foreach (var subset in rule.Subsets)
            {
                if (subsets.Any(other => string.Equals(other.Name, subset.Name, StringComparison.Ordinal)))
                {
                    problems.Warning(rule.Identity, subset.Source, $"subset '{subset.Name}' of '{service.Host}' is declared by an earlier DestinationRule; this one has no effect");
                }
                else
                {
                    subsets.Add(subset);
                }
            }
        }

        return service with
        {
            VirtualService = routes.GetValueOrDefault(service.Host),
            LoadBalancer = loadBalancer,
            Subsets = subsets.ToImmutable(),
        };
    }
}
