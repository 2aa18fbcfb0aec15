using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>Makes the view that one client has of the mesh, by Istio's rules of visibility and precedence. Stateless.</summary>
internal static class ClientDirectoryBuilder
{
    public static ServiceDirectory Build(MeshWorld world, MeshClient client)
    {
        var settings = world.Model.Settings;
        var sidecar = SidecarView.For(client, world.Model.Sidecars, settings.RootNamespace);
        var virtualServices = VirtualServicesFor(world, client, sidecar);
        var services = ServicesFor(world, client, sidecar, virtualServices);
        var routes = IndexRoutes(virtualServices);
        var rules = new RuleIndex(world.Model, client);
        var aliases = services.Where(service => service.AliasOf is not null).ToLookup(service => service.AliasOf!, service => service.Host);
        return new ServiceDirectory(
            [.. services.Select(service => rules.Join(service) with { VirtualServices = [.. routes.All(service.Host).DistinctBy(candidate => (candidate.Identity, candidate.Port))], Aliases = [.. aliases[service.Host]] })],
            client,
            sidecar?.IsRegistryOnly ?? settings.IsRegistryOnly)
        {
            DefaultRetry = settings.DefaultRetry,
            Patches =
            [
                .. world.Model.EnvoyFilters.Where(filter => filter.IsFor(client, settings))
                    .OrderBy(filter => filter.Identity.Namespace == settings.RootNamespace ? 0 : 1)
                    .ThenBy(filter => filter.Priority) // stable: then the order of the files
                    .SelectMany(filter => filter.Patches),
            ],
        };
    }

    private static VirtualService[] VirtualServicesFor(MeshWorld world, MeshClient client, SidecarView? sidecar)
    {
        var byDefault = world.Model.Settings.VirtualServiceExportTo;
        return
        [
            .. world.VirtualServices
                .Where(candidate => candidate.IsForMesh && (candidate.ExportTo ?? byDefault).Reaches(candidate.Identity.Namespace, client.Namespace))
                .Where(candidate => sidecar?.Imports(candidate) ?? true)
                .OrderBy(candidate => (candidate.ExportTo ?? byDefault).Rank(candidate.Identity.Namespace, client.Namespace)), // stable: then the order of the files
        ];
    }

    private static List<MeshService> ServicesFor(MeshWorld world, MeshClient client, SidecarView? sidecar, VirtualService[] virtualServices)
    {
        // Of one host: Kubernetes, then the client's own namespace, then the order of the files.
        var visible = world.Services
            .Where(service => service.ExportTo.Reaches(service.Identity.Namespace, client.Namespace))
            .OrderBy(service => service.IsKubernetes ? 0 : 1)
            .ThenBy(service => service.Identity.Namespace == client.Namespace ? 0 : 1)
            .ToArray();
        var byHost = new Dictionary<string, MeshService>(StringComparer.Ordinal);
        foreach (var service in visible)
        {
            if ((sidecar is null ? service : sidecar.Import(service)) is { } imported)
            {
                byHost.TryAdd(imported.Host, imported);
            }
        }

        if (sidecar is not null)
        {
            AddDestinations(byHost, visible, virtualServices);
        }

        // As they stand in the files, so that what is generated has a stable order.
        return [.. world.Services.Select(service => byHost.GetValueOrDefault(service.Host)).OfType<MeshService>().DistinctBy(service => service.Host)];
    }

    // What an imported route leads to is imported with it.
    private static void AddDestinations(Dictionary<string, MeshService> byHost, MeshService[] visible, VirtualService[] virtualServices)
    {
        var all = visible.DistinctBy(service => service.Host).ToDictionary(service => service.Host, StringComparer.Ordinal);
        foreach (var virtualService in virtualServices)
        {
            foreach (var route in virtualService.Http)
            {
                foreach (var destination in route.Destinations.Concat(route.Mirrors.Select(mirror => mirror.Destination)))
                {
                    var name = ServiceNames.CompleteReference(destination.Host, route.Namespace ?? virtualService.Identity.Namespace);
                    if (all.TryGetValue(destination.Host, out var service) || all.TryGetValue(name, out service))
                    {
                        byHost.TryAdd(service.Host, service);
                    }
                }
            }
        }
    }

    private static HostIndex<VirtualService> IndexRoutes(VirtualService[] virtualServices)
    {
        var index = new HostIndex<VirtualService>();
        foreach (var virtualService in virtualServices)
        {
            foreach (var host in virtualService.Hosts)
            {
                index.Add(host.Host, virtualService);
                var completed = ServiceNames.CompleteReference(host.Host, virtualService.Identity.Namespace);
                if (completed != host.Host && !HostPattern.IsWildcard(host.Host))
                {
                    index.Add(completed, virtualService);
                }
            }
        }

        return index;
    }
}
