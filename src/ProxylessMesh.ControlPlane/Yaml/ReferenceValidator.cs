using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.World;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>
/// Checks what one resource says of another. A mesh file is the whole world of its mesh, so a host, subset or port that no
/// resource declares is a mistake, and not something that may still come.
/// </summary>
internal static class ReferenceValidator
{
    public static void Validate(MeshWorld world, ProblemCollector problems)
    {
        var views = new Dictionary<string, ServiceDirectory>(StringComparer.Ordinal);
        foreach (var virtualService in world.Model.VirtualServices)
        {
            foreach (var host in virtualService.Hosts)
            {
                CheckHost(virtualService.Identity, host, world, problems);
            }

            foreach (var route in virtualService.Http)
            {
                foreach (var destination in route.Destinations.Concat(route.Mirrors.Select(mirror => mirror.Destination)))
                {
                    CheckDestination(virtualService, route, destination, View(virtualService.Identity.Namespace), problems);
                }
            }
        }

        foreach (var rule in world.Model.DestinationRules)
        {
            CheckHost(rule.Identity, rule.Host, world, problems);
        }

        // As its own namespace sees it: that is who it was written for, at least.
        ServiceDirectory View(string ns)
        {
            if (!views.TryGetValue(ns, out var view))
            {
                views[ns] = view = world.Unscoped(MeshClient.Default with { Namespace = ns });
            }

            return view;
        }
    }

    private static void CheckHost(ResourceIdentity resource, HostReference host, MeshWorld world, ProblemCollector problems)
    {
        if (!HostReader.IsPattern(host.Host))
        {
            return; // reported when it was read
        }

        var isKnown = HostPattern.IsWildcard(host.Host)
            ? world.Services.Any(service => HostPattern.Includes(host.Host, service.Host))
            : world.FindService(host.Host, resource.Namespace) is not null;
        if (!isKnown)
        {
            problems.Error(resource, host.Source, UnknownHost(host.Host));
        }
    }

    private static void CheckDestination(
        VirtualService virtualService,
        HttpRoute route,
        RouteDestination destination,
        ServiceDirectory directory,
        ProblemCollector problems)
    {
        if (!IsReadable(destination.Host))
        {
            return;
        }

        var resource = virtualService.Identity;
        if (!directory.TryResolveReference(destination.Host, resource.Namespace, out var service))
        {
            problems.Error(resource, Below(destination, "host"), UnknownHost(destination.Host));
            return;
        }

        if (destination.Subset.Length > 0 && !service.HasSubset(destination.Subset))
        {
            var known = service.Subsets.IsEmpty ? "it has none" : $"it has {string.Join(", ", service.Subsets.Select(subset => subset.Name))}";
            problems.Error(resource, Below(destination, "subset"), $"'{service.Host}' has no subset '{destination.Subset}' ({known}); declare it in a DestinationRule");
        }

        if (destination.Port is int number && service.FindPort(number) is null)
        {
            problems.Error(resource, Below(destination, "port.number"), $"'{service.Host}' has no port {number}; its ports: {PortsOf(service)}");
        }

        if (destination.Port is null && service.Ports.Length > 1 && !IsAnyPortShared(virtualService, route, service, directory))
        {
            problems.Error(resource, Below(destination, "port"), $"is required: '{service.Host}' has several ports ({PortsOf(service)}), none of which is a port of this route's hosts");
        }
    }

    // Without a port of its own a destination is called on the listener's port.
    private static bool IsAnyPortShared(VirtualService virtualService, HttpRoute route, MeshService destination, ServiceDirectory directory)
    {
        // A delegate has the hosts of whoever delegates to it.
        foreach (var host in virtualService.Hosts)
        {
            if (!directory.TryResolveReference(host.Host, virtualService.Identity.Namespace, out var service))
            {
                return true; // a wildcard, or reported as an unknown host
            }

            foreach (var port in service.Ports)
            {
                var isRouted = route.Matches.IsEmpty || route.Matches.Any(match => match.Port is null || match.Port == port.Number);
                if (isRouted && destination.FindPort(port.Number) is not null)
                {
                    return true;
                }
            }
        }

        return virtualService.Hosts.IsEmpty;
    }

    // Empty and wildcard hosts were reported when they were read.
    private static bool IsReadable(string host) => HostReader.IsHostName(host);

    private static SourceField Below(RouteDestination destination, string field)
        => destination.Source with { Path = $"{destination.Source.Path}.{field}" };

    private static string UnknownHost(string host) => $"no ServiceEntry or Service declares the host '{host}'; add one or correct the name";

    private static string PortsOf(MeshService service) => string.Join(", ", service.Ports.Select(port => port.Number));
}
