using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>
/// Checks what one resource says of another. A mesh file is the whole world of its mesh, so a host, subset or port that no
/// resource declares is a mistake, and not something that may still come.
/// </summary>
internal static class ReferenceValidator
{
    public static void Validate(MeshModel model, ServiceDirectory directory, ProblemCollector problems)
    {
        foreach (var virtualService in model.VirtualServices)
        {
            foreach (var host in virtualService.Hosts)
            {
                CheckHost(virtualService.Identity, host, directory, problems);
            }

            foreach (var route in virtualService.Http)
            {
                foreach (var destination in route.Destinations)
                {
                    CheckDestination(virtualService, route, destination, directory, problems);
                }
            }
        }

        foreach (var rule in model.DestinationRules)
        {
            CheckHost(rule.Identity, rule.Host, directory, problems);
        }
    }

    private static void CheckHost(ResourceIdentity resource, HostReference host, ServiceDirectory directory, ProblemCollector problems)
    {
        if (IsReadable(host.Host) && !directory.TryResolveReference(host.Host, resource.Namespace, out _))
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

        if (destination.Port is null && service.Entry.Ports.Length > 1 && !IsAnyPortShared(virtualService, route, service, directory))
        {
            problems.Error(resource, Below(destination, "port"), $"is required: '{service.Host}' has several ports ({PortsOf(service)}), none of which is a port of this route's hosts");
        }
    }

    // Without a port of its own a destination is called on the listener's port.
    private static bool IsAnyPortShared(VirtualService virtualService, HttpRoute route, MeshService destination, ServiceDirectory directory)
    {
        foreach (var host in virtualService.Hosts)
        {
            if (!directory.TryResolveReference(host.Host, virtualService.Identity.Namespace, out var service))
            {
                return true; // reported as an unknown host
            }

            foreach (var port in service.Entry.Ports)
            {
                var isRouted = route.Matches.IsEmpty || route.Matches.Any(match => match.Port is null || match.Port == port.Number);
                if (isRouted && destination.FindPort(port.Number) is not null)
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Empty and wildcard hosts were reported when they were read.
    private static bool IsReadable(string host) => HostReader.IsHostName(host);

    private static SourceField Below(RouteDestination destination, string field)
        => destination.Source with { Path = $"{destination.Source.Path}.{field}" };

    private static string UnknownHost(string host) => $"no ServiceEntry declares the host '{host}'; add one or correct the name";

    private static string PortsOf(MeshService service) => string.Join(", ", service.Entry.Ports.Select(port => port.Number));
}
