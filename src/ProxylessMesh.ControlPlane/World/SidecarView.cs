using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>What a Sidecar lets a client see. Immutable.</summary>
internal sealed class SidecarView(SidecarScope scope)
{
    public bool? IsRegistryOnly => scope.IsRegistryOnly;

    /// <summary>The Sidecar that a client has: one that selects it, else its namespace's default, else the root namespace's.</summary>
    public static SidecarView? For(MeshClient client, IReadOnlyList<SidecarScope> sidecars, string rootNamespace)
    {
        var chosen = sidecars.FirstOrDefault(sidecar => sidecar.Identity.Namespace == client.Namespace && sidecar.Workloads?.Selects(client.Labels) is true)
            ?? sidecars.FirstOrDefault(sidecar => sidecar.Identity.Namespace == client.Namespace && sidecar.Workloads is null)
            ?? sidecars.FirstOrDefault(sidecar => sidecar.Identity.Namespace == rootNamespace && sidecar.Workloads is null);
        return chosen is null or { Egress.IsEmpty: true, IsRegistryOnly: null } ? null : new SidecarView(chosen);
    }

    public bool Imports(VirtualService virtualService) => scope.Egress.IsEmpty || scope.Egress.Any(listener => listener.Hosts.Any(egress =>
        egress.SelectsNamespace(scope.Identity.Namespace, virtualService.Identity.Namespace)
        && virtualService.Hosts.Any(host => HostPattern.Overlap(egress.Host, ServiceNames.CompleteReference(host.Host, virtualService.Identity.Namespace)))));

    /// <returns>The service with the ports that are let through, or <see langword="null"/> when it is not seen.</returns>
    public MeshService? Import(MeshService service)
    {
        if (scope.Egress.IsEmpty)
        {
            return service;
        }

        var ports = ImmutableArray.CreateBuilder<ServicePort>();
        foreach (var port in service.Ports)
        {
            var isSeen = scope.Egress.Any(listener => (listener.Port is null || listener.Port == port.Number)
                && listener.Hosts.Any(egress => egress.SelectsNamespace(scope.Identity.Namespace, service.Identity.Namespace) && HostPattern.Includes(egress.Host, service.Host)));
            if (isSeen)
            {
                ports.Add(port);
            }
        }

        return ports.Count == 0 ? null : service with { Ports = ports.ToImmutable() };
    }
}
