using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>Makes the services of the mesh from ServiceEntries and Kubernetes Services, each with the workloads that it selects. Stateless.</summary>
internal static class ServiceAssembler
{
    public static ImmutableArray<MeshService> Assemble(MeshModel model, ProblemCollector problems)
    {
        var workloads = new WorkloadDirectory(model);
        var services = ImmutableArray.CreateBuilder<MeshService>();
        foreach (var entry in model.ServiceEntries)
        {
            var endpoints = entry.WorkloadSelector is { } selector ? EndpointChecks.Apply(entry.Identity, entry.Ports, workloads.Select(entry, selector), problems) : entry.Endpoints;
            foreach (var host in entry.Hosts)
            {
                services.Add(FromEntry(entry, host.Host, endpoints, model.Settings));
            }
        }

        foreach (var service in model.Services)
        {
            services.Add(FromKubernetes(service, EndpointChecks.Apply(service.Identity, service.Ports, workloads.Select(service), problems), model.Settings));
        }

        WarnOfClaimedHosts(model, services, problems);
        return services.ToImmutable();
    }

    private static MeshService FromEntry(ServiceEntry entry, string host, ImmutableArray<WorkloadEndpoint> endpoints, MeshSettings settings) => new()
    {
        Host = host,
        Identity = entry.Identity,
        Ports = entry.Ports,
        Resolution = entry.Resolution,
        Addresses = entry.Addresses,
        Endpoints = endpoints,
        ExportTo = entry.ExportTo ?? settings.ServiceExportTo,
        PrefersClose = entry.PrefersClose,
    };

    private static MeshService FromKubernetes(KubernetesService service, ImmutableArray<WorkloadEndpoint> endpoints, MeshSettings settings) => new()
    {
        Host = service.Host,
        Identity = service.Identity,
        Ports = service.Ports,
        Resolution = ServiceResolution.Static,
        Addresses = service.ClusterIps,
        Endpoints = endpoints,
        IsKubernetes = true,
        IsHeadless = service.IsHeadless,
        AliasOf = service.ExternalName,
        ExportTo = service.ExportTo ?? settings.ServiceExportTo,
        PrefersClose = service.PrefersClose,
    };

    private static void WarnOfClaimedHosts(MeshModel model, IReadOnlyList<MeshService> services, ProblemCollector problems)
    {
        var owners = new Dictionary<string, MeshService>(StringComparer.Ordinal);
        foreach (var service in services.Where(service => service.IsKubernetes).Concat(services.Where(service => !service.IsKubernetes)))
        {
            if (owners.TryAdd(service.Host, service))
            {
                continue;
            }

            var owner = owners[service.Host];
            var isOwnNamespace = owner.Identity.Namespace == service.Identity.Namespace;
            if (isOwnNamespace || (owner.ExportTo.Targets.Contains(ExportScope.All) && service.ExportTo.Targets.Contains(ExportScope.All)))
            {
                var where = isOwnNamespace || owner.IsKubernetes != service.IsKubernetes ? "" : " outside its namespace";
                problems.Warning(
                    service.Identity,
                    SourceOf(service, model),
                    $"host '{service.Host}' belongs to {owner.Identity}, which comes first; this one has no effect for it{where}");
            }
        }
    }

    private static SourceField SourceOf(MeshService service, MeshModel model)
        => model.ServiceEntries.FirstOrDefault(entry => entry.Identity == service.Identity)?.Hosts.First(host => host.Host == service.Host).Source
            ?? model.Services.First(candidate => candidate.Identity == service.Identity).Source;
}
