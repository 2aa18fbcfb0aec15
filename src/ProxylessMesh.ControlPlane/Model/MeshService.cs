using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>One host of the mesh with everything the file says about it, joined. Immutable.</summary>
internal sealed record MeshService
{
    public required string Host { get; init; }

    public required ServiceEntry Entry { get; init; }

    /// <summary>The routes of this host, or <see langword="null"/>: then every request goes to the host's own endpoints.</summary>
    public VirtualService? VirtualService { get; init; }

    public LoadBalancerKind? LoadBalancer { get; init; }

    public ImmutableArray<Subset> Subsets { get; init; } = [];

    public ServicePort? FindPort(int number)
    {
        foreach (var port in Entry.Ports)
        {
            if (port.Number == number)
            {
                return port;
            }
        }

        return null;
    }

    public bool HasSubset(string name)
    {
        foreach (var subset in Subsets)
        {
            if (string.Equals(subset.Name, name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
