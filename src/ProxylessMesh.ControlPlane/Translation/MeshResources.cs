using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.World;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Everything one version of the configuration can answer one client. Immutable. Routes, clusters and endpoints are made once
/// for all clients that see the same; listeners are made as they are asked for, because a client may write a service's name
/// in several ways.
/// </summary>
internal sealed class MeshResources
{
    /// <summary>The port a client means that names none.</summary>
    private const int DefaultPort = 80;

    private readonly MeshWorld _world;
    private readonly ServiceDirectory _directory;
    private readonly FrozenDictionary<string, FrozenDictionary<string, XdsResource>> _byType;
    private readonly ConcurrentDictionary<MeshClient, Lazy<MeshResources>> _views; // one for all views of a version

    private MeshResources(string version, MeshWorld world, MeshClient client, ConcurrentDictionary<MeshClient, Lazy<MeshResources>> views)
    {
        Version = version;
        _world = world;
        _views = views;
        _directory = world.ViewFor(client);
        var resources = client.Dialect == ClientDialect.Sidecar ? SidecarResources.Translate(_directory) : TranslateGrpc(_directory);
        _byType = resources
            .GroupBy(resource => resource.TypeUrl)
            .ToFrozenDictionary(group => group.Key, group => group.ToFrozenDictionary(resource => resource.Name, StringComparer.Ordinal), StringComparer.Ordinal);
    }

    /// <summary>The <c>version_info</c> of every response made from this.</summary>
    public string Version { get; }

    /// <summary>Everything a wildcard subscription to every type would get, and the routes and endpoints.</summary>
    public IEnumerable<XdsResource> All => _byType.Values.SelectMany(resources => resources.Values).OrderBy(resource => resource.Name, StringComparer.Ordinal);

    /// <summary>For whom this is written.</summary>
    public ClientDialect Dialect => _directory.Client.Dialect;

    /// <summary>
    /// Every view that differs from others in more than short names, in both dialects. Made one by one as they are asked for,
    /// and not kept: most of them no client ever asks for.
    /// </summary>
    public IEnumerable<MeshResources> Views => _world.TypicalClients
        .Select(_world.Reduce)
        .Distinct()
        .Select(client => client == _directory.Client ? this : new MeshResources(Version, _world, client, _views));

    /// <summary>The view of a client that says nothing of itself.</summary>
    public static MeshResources Translate(string version, MeshWorld world) => new(version, world, MeshClient.Default, []);

    /// <summary>The same version as another client sees it.</summary>
    public MeshResources For(MeshClient client)
    {
        var reduced = _world.Reduce(client);
        if (reduced == _directory.Client)
        {
            return this;
        }

        // Namespaces that the files do not know are as many as clients make up; such a view lives as long as its stream.
        return _world.Namespaces.Contains(reduced.Namespace)
            ? _views.GetOrAdd(reduced, key => new Lazy<MeshResources>(() => new MeshResources(Version, _world, key, _views))).Value
            : new MeshResources(Version, _world, reduced, _views);
    }

    /// <summary>The names a wildcard subscription stands for, in a stable order.</summary>
    public ImmutableArray<string> Names(string typeUrl)
        => _byType.TryGetValue(typeUrl, out var resources) ? [.. resources.Keys.Order(StringComparer.Ordinal)] : [];

    /// <param name="typeUrl">The type asked for.</param>
    /// <param name="name">The name asked for.</param>
    /// <returns>The resource, or <see langword="null"/> when there is none.</returns>
    public XdsResource? Find(string typeUrl, string name)
    {
        if (_byType.TryGetValue(typeUrl, out var resources) && resources.TryGetValue(name, out var resource))
        {
            return resource;
        }

        return (typeUrl, Dialect) switch
        {
            (ResourceTypes.Listener, ClientDialect.Grpc) => FindListener(name),
            (ResourceTypes.RouteConfiguration, ClientDialect.Sidecar) => SidecarResources.FindRoutes(name, _directory),
            _ => null,
        };
    }

    /// <summary>Whether the client reaches a service of this mesh by <paramref name="host"/>.</summary>
    public bool IsDeclared(string host) => _directory.TryResolveAuthority(host, out _);

    private static List<XdsResource> TranslateGrpc(ServiceDirectory directory)
    {
        var resources = new List<XdsResource>();
        foreach (var service in directory.Services.Where(service => !IsPassedThrough(service)))
        {
            foreach (var port in service.Ports)
            {
                resources.Add(ListenerTranslator.Translate(XdsNames.Listener(service, port), service, port, directory));
                resources.Add(RouteTranslator.Translate(service, port, directory));
                foreach (var subset in service.AliasOf is null ? service.Subsets.Cast<Subset?>().Prepend(null) : [])
                {
                    AddCluster(resources, service, port, subset, directory.Client);
                }
            }
        }

        resources.AddRange(EnvoyPatches.Clusters(directory));
        return resources;
    }

    // A wildcard leads to what the caller's host resolves to: in this dialect a host that nobody declares.
    private static bool IsPassedThrough(MeshService service) => HostPattern.IsWildcard(service.Host) && service.Resolution != ServiceResolution.Static;

    private static void AddCluster(List<XdsResource> resources, MeshService service, ServicePort port, Subset? subset, MeshClient client)
    {
        if (ClusterTranslator.Translate(service, port, subset, client) is { } cluster)
        {
            resources.Add(cluster);
        }

        if (service.Resolution == ServiceResolution.Static)
        {
            resources.Add(EndpointTranslator.Translate(service, port, subset, client));
        }
    }

    private XdsResource? FindListener(string name)
    {
        var colon = name.LastIndexOf(':');
        var host = colon < 0 ? name : name[..colon];
        if (!_directory.TryResolveAuthority(host, out var service) || IsPassedThrough(service))
        {
            return null;
        }

        ServicePort? port;
        if (colon < 0)
        {
            port = service.FindPort(DefaultPort) ?? (service.Ports is [var only] ? only : null);
        }
        else
        {
            port = int.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? service.FindPort(number) : null;
        }

        return port is null ? null : ListenerTranslator.Translate(name, service, port, _directory);
    }
}
