using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Everything one version of the configuration can answer. Immutable. Routes, clusters and endpoints are made once;
/// listeners are made as they are asked for, because a client may write a service's name in several ways.
/// </summary>
internal sealed class MeshResources
{
    /// <summary>The port a client means that names none.</summary>
    private const int DefaultPort = 80;

    private readonly ServiceDirectory _directory;
    private readonly FrozenDictionary<string, FrozenDictionary<string, XdsResource>> _byType;

    private MeshResources(string version, ServiceDirectory directory, FrozenDictionary<string, FrozenDictionary<string, XdsResource>> byType)
    {
        Version = version;
        _directory = directory;
        _byType = byType;
    }

    /// <summary>The <c>version_info</c> of every response made from this.</summary>
    public string Version { get; }

    /// <summary>Everything a wildcard subscription to every type would get, and the routes and endpoints.</summary>
    public IEnumerable<XdsResource> All => _byType.Values.SelectMany(resources => resources.Values).OrderBy(resource => resource.Name, StringComparer.Ordinal);

    public static MeshResources Translate(string version, ServiceDirectory directory)
    {
        var resources = new List<XdsResource>();
        foreach (var service in directory.Services)
        {
            foreach (var port in service.Entry.Ports)
            {
                resources.Add(ListenerTranslator.Translate(XdsNames.Listener(service, port), service, port));
                resources.Add(RouteTranslator.Translate(service, port, directory));
                AddClusters(resources, service, port);
            }
        }

        var byType = resources
            .GroupBy(resource => resource.TypeUrl)
            .ToFrozenDictionary(group => group.Key, group => group.ToFrozenDictionary(resource => resource.Name, StringComparer.Ordinal), StringComparer.Ordinal);
        return new MeshResources(version, directory, byType);
    }

    /// <summary>The names a wildcard subscription stands for, in a stable order.</summary>
    public ImmutableArray<string> Names(string typeUrl)
        => _byType.TryGetValue(typeUrl, out var resources) ? [.. resources.Keys.Order(StringComparer.Ordinal)] : [];

    /// <param name="typeUrl">The type asked for.</param>
    /// <param name="name">The name asked for.</param>
    /// <param name="clientNamespace">The namespace that completes single-label hosts.</param>
    /// <returns>The resource, or <see langword="null"/> when there is none.</returns>
    public XdsResource? Find(string typeUrl, string name, string clientNamespace)
    {
        if (_byType.TryGetValue(typeUrl, out var resources) && resources.TryGetValue(name, out var resource))
        {
            return resource;
        }

        return typeUrl == ResourceTypes.Listener ? FindListener(name, clientNamespace) : null;
    }

    /// <summary>Whether a client in <paramref name="clientNamespace"/> reaches a service of this mesh by <paramref name="host"/>.</summary>
    public bool IsDeclared(string host, string clientNamespace) => _directory.TryResolveAuthority(host, clientNamespace, out _);

    private static void AddClusters(List<XdsResource> resources, MeshService service, ServicePort port)
    {
        foreach (var subset in service.Subsets.Cast<Subset?>().Prepend(null))
        {
            if (ClusterTranslator.Translate(service, port, subset) is { } cluster)
            {
                resources.Add(cluster);
            }

            if (service.Entry.Resolution == ServiceResolution.Static)
            {
                resources.Add(EndpointTranslator.Translate(service, port, subset));
            }
        }
    }

    private XdsResource? FindListener(string name, string clientNamespace)
    {
        var colon = name.LastIndexOf(':');
        var host = colon < 0 ? name : name[..colon];
        if (!_directory.TryResolveAuthority(host, clientNamespace, out var service))
        {
            return null;
        }

        ServicePort? port;
        if (colon < 0)
        {
            port = service.FindPort(DefaultPort) ?? (service.Entry.Ports is [var only] ? only : null);
        }
        else
        {
            port = int.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? service.FindPort(number) : null;
        }

        return port is null ? null : ListenerTranslator.Translate(name, service, port);
    }
}
