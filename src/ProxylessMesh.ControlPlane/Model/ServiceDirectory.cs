using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>
/// The hosts of the mesh by name, each joined with the VirtualService and the DestinationRules that speak of it. Immutable.
/// Where several resources compete, the first in the file wins, which the reader of the file warns of.
/// </summary>
internal sealed class ServiceDirectory
{
    private readonly FrozenDictionary<string, MeshService> _byHost;

    public ServiceDirectory(ImmutableArray<MeshService> services)
    {
        Services = services;
        _byHost = services.ToFrozenDictionary(service => service.Host, StringComparer.Ordinal);
    }

    public ImmutableArray<MeshService> Services { get; }

    /// <summary>Finds the service that a resource in namespace <paramref name="ns"/> means by <paramref name="host"/>.</summary>
    public bool TryResolveReference(string host, string ns, [NotNullWhen(true)] out MeshService? service)
        => _byHost.TryGetValue(host, out service) || _byHost.TryGetValue(ServiceNames.CompleteReference(host, ns), out service);

    /// <summary>Finds the service that a client in namespace <paramref name="ns"/> calls <paramref name="host"/>, short forms included.</summary>
    public bool TryResolveAuthority(string host, string ns, [NotNullWhen(true)] out MeshService? service)
    {
        var name = host.TrimEnd('.').ToLowerInvariant();
        return _byHost.TryGetValue(name, out service) || _byHost.TryGetValue(ServiceNames.CompleteAuthority(name, ns), out service);
    }
}
