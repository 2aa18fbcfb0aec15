using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>
/// The hosts of the mesh by name as one client sees them, each joined with the VirtualServices and the DestinationRules that
/// speak of it. Immutable.
/// </summary>
internal sealed class ServiceDirectory
{
    private readonly FrozenDictionary<string, MeshService> _byHost;

    // The most precise first.
    private readonly ImmutableArray<MeshService> _wildcards;

    public ServiceDirectory(ImmutableArray<MeshService> services, MeshClient client, bool isRegistryOnly)
    {
        Services = services;
        Client = client;
        IsRegistryOnly = isRegistryOnly;
        _byHost = services.ToFrozenDictionary(service => service.Host, StringComparer.Ordinal);
        _wildcards = [.. services.Where(service => HostPattern.IsWildcard(service.Host)).OrderByDescending(service => service.Host.Length)];
    }

    public ImmutableArray<MeshService> Services { get; }

    /// <summary>Whose view this is.</summary>
    public MeshClient Client { get; }

    /// <summary>Whether hosts that nobody declares are refused to this client.</summary>
    public bool IsRegistryOnly { get; }

    /// <summary>What routes have that say nothing of retries; <see langword="null"/>: Istio's default.</summary>
    public HttpRetry? DefaultRetry { get; init; }

    /// <summary>What EnvoyFilters change for this client, in the order in which they do.</summary>
    public ImmutableArray<EnvoyPatch> Patches { get; init; } = [];

    /// <summary>Finds the service that a resource in namespace <paramref name="ns"/> means by <paramref name="host"/>.</summary>
    public bool TryResolveReference(string host, string ns, [NotNullWhen(true)] out MeshService? service)
        => _byHost.TryGetValue(host, out service) || _byHost.TryGetValue(ServiceNames.CompleteReference(host, ns), out service);

    /// <summary>Finds the service that the client calls <paramref name="host"/>, short forms included.</summary>
    public bool TryResolveAuthority(string host, [NotNullWhen(true)] out MeshService? service)
    {
        var name = host.TrimEnd('.').ToLowerInvariant();
        return _byHost.TryGetValue(name, out service)
            || _byHost.TryGetValue(ServiceNames.CompleteAuthority(name, Client.Namespace), out service)
            || TryFindWildcard(name, out service);
    }

    private bool TryFindWildcard(string name, [NotNullWhen(true)] out MeshService? service)
    {
        foreach (var candidate in _wildcards)
        {
            // Without endpoints of its own a wildcard leads to whatever the caller's host resolves to: that needs no resource.
            if (candidate.Resolution == ServiceResolution.Static && HostPattern.Includes(candidate.Host, name))
            {
                service = candidate;
                return true;
            }
        }

        service = null;
        return false;
    }
}
