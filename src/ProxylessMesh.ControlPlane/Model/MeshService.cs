using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>One host of the mesh, with its endpoints and everything that routes and balances its requests. Immutable.</summary>
internal sealed record MeshService
{
    public required string Host { get; init; }

    /// <summary>The ServiceEntry or Service that declares it.</summary>
    public required ResourceIdentity Identity { get; init; }

    public required ImmutableArray<ServicePort> Ports { get; init; }

    public ServiceResolution Resolution { get; init; }

    /// <summary>Virtual IP addresses, which become domains of the virtual host.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    public ImmutableArray<WorkloadEndpoint> Endpoints { get; init; } = [];

    /// <summary>A Kubernetes Service, which beats a ServiceEntry of the same host.</summary>
    public bool IsKubernetes { get; init; }

    /// <summary>Its host resolves to its endpoints: a sidecar dials what the caller resolved.</summary>
    public bool IsHeadless { get; init; }

    /// <summary>The host that an ExternalName service stands for.</summary>
    public string? AliasOf { get; init; }

    public required ExportScope ExportTo { get; init; }

    public bool PrefersClose { get; init; }

    /// <summary>Other hosts that stand for this one, in a client's view.</summary>
    public ImmutableArray<string> Aliases { get; init; } = [];

    /// <summary>The VirtualServices of this host in their precedence, in a client's view. They are not merged: see <see cref="RoutesFor"/>.</summary>
    public ImmutableArray<VirtualService> VirtualServices { get; init; } = [];

    /// <summary>Of all of its endpoints: that of the first DestinationRule in force that has one.</summary>
    public TrafficPolicy TrafficPolicy { get; init; } = TrafficPolicy.None;

    public ImmutableArray<Subset> Subsets { get; init; } = [];

    /// <summary>The routes of a port, or <see langword="null"/>: then every request goes to the host's own endpoints.</summary>
    public VirtualService? RoutesFor(int port)
    {
        foreach (var virtualService in VirtualServices)
        {
            if (virtualService.Port is null || virtualService.Port == port)
            {
                return virtualService;
            }
        }

        return null;
    }

    public ServicePort? FindPort(int number)
    {
        foreach (var port in Ports)
        {
            if (port.Number == number)
            {
                return port;
            }
        }

        return null;
    }

    public bool HasSubset(string name) => FindSubset(name) is not null;

    /// <summary>The policy of a subset; that of the service for the empty name, and for one that is not there.</summary>
    public TrafficPolicy PolicyOf(string subset) => FindSubset(subset)?.TrafficPolicy is { } own ? own.Over(TrafficPolicy) : TrafficPolicy;

    private Subset? FindSubset(string name)
    {
        foreach (var subset in Subsets)
        {
            if (string.Equals(subset.Name, name, StringComparison.Ordinal))
            {
                return subset;
            }
        }

        return null;
    }
}
