using System.Collections.Frozen;
using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>
/// The whole mesh as its files declare it, from which each client gets its own view: what is visible to its namespace, which
/// resources win there, what its Sidecar lets through. Immutable.
/// </summary>
internal sealed class MeshWorld
{
    private readonly FrozenDictionary<string, MeshService> _byHost;
    private readonly ImmutableSortedSet<string> _selectingLabels;
    private readonly bool _isLocalityUsed;

    private MeshWorld(MeshModel model, ImmutableArray<MeshService> services, ImmutableArray<VirtualService> virtualServices)
    {
        Model = model;
        Services = services;
        VirtualServices = virtualServices;
        _byHost = services.OrderBy(service => service.IsKubernetes ? 0 : 1).DistinctBy(service => service.Host).ToFrozenDictionary(service => service.Host, StringComparer.Ordinal);
        _isLocalityUsed = services.Any(service => service.PrefersClose);
        _selectingLabels =
        [
            .. virtualServices.SelectMany(virtualService => virtualService.Http).SelectMany(route => route.Matches).SelectMany(match => match.SourceLabels.Keys),
            .. model.Sidecars.SelectMany(sidecar => sidecar.Workloads?.Labels.Keys ?? []),
            .. model.DestinationRules.SelectMany(rule => rule.Workloads?.Labels.Keys ?? []),
            .. model.EnvoyFilters.SelectMany(filter => filter.Workloads?.Labels.Keys ?? []),
        ];
        Namespaces =
        [
            ResourceIdentity.DefaultNamespace,
            .. services.Select(service => service.Identity.Namespace),
            .. virtualServices.Select(virtualService => virtualService.Identity.Namespace),
            .. virtualServices.SelectMany(virtualService => virtualService.ExportTo?.Targets ?? []).Where(IsNamespace),
            .. model.DestinationRules.Select(rule => rule.Identity.Namespace),
            .. model.Sidecars.Select(sidecar => sidecar.Identity.Namespace),
            .. model.EnvoyFilters.Select(filter => filter.Identity.Namespace),
        ];
    }

    public MeshModel Model { get; }

    public ImmutableArray<MeshService> Services { get; }

    /// <summary>Those with hosts, delegates joined, those made from Gateway API routes last.</summary>
    public ImmutableArray<VirtualService> VirtualServices { get; }

    /// <summary>Every namespace in which a client may see something of its own.</summary>
    public ImmutableSortedSet<string> Namespaces { get; }

    /// <summary>
    /// One client for everything that only some clients see: of each namespace with a view of its own (all others have that of
    /// <c>default</c>, but for the short names in it), and with the labels that something selects by; in each dialect.
    /// </summary>
    public IEnumerable<MeshClient> TypicalClients => NamespacesWithOwnViews.Select(ns => InNamespace(ns))
        .Concat(Model.Sidecars.Where(sidecar => sidecar.Workloads is not null).Select(sidecar => InNamespace(sidecar.Identity.Namespace, sidecar.Workloads?.Labels)))
        .Concat(Model.DestinationRules.Where(rule => rule.Workloads is not null).Select(rule => InNamespace(rule.Identity.Namespace, rule.Workloads?.Labels)))
        .Concat(Model.EnvoyFilters.Where(filter => filter.Workloads is not null).Select(filter => InNamespace(filter.Identity.Namespace, filter.Workloads?.Labels)))
        .Concat(VirtualServices.SelectMany(virtualService => virtualService.Http.SelectMany(route => route.Matches)
            .Where(match => match.SourceNamespace.Length > 0 || !match.SourceLabels.IsEmpty)
            .Select(match => InNamespace(match.SourceNamespace.Length > 0 ? match.SourceNamespace : virtualService.Identity.Namespace, match.SourceLabels))))
        .Distinct()
        .SelectMany(client => (MeshClient[])[client, client with { Dialect = ClientDialect.Sidecar }]);

    private IEnumerable<string> NamespacesWithOwnViews => VirtualServices.SelectMany(candidate => Particular(candidate.Identity, candidate.ExportTo ?? Model.Settings.VirtualServiceExportTo))
        .Concat(Services.SelectMany(service => Particular(service.Identity, service.ExportTo)))
        .Concat(Model.DestinationRules.Where(rule => FindService(rule.Host.Host, rule.Identity.Namespace)?.Identity.Namespace != rule.Identity.Namespace).Select(rule => rule.Identity.Namespace))
        .Concat(Model.Sidecars.Select(sidecar => sidecar.Identity.Namespace))
        .Concat(Model.EnvoyFilters.Select(filter => filter.Identity.Namespace))
        .Append(ResourceIdentity.DefaultNamespace)
        .Distinct(StringComparer.Ordinal);

    public static MeshWorld Build(MeshModel model, ProblemCollector problems)
    {
        var services = ServiceAssembler.Assemble(model, problems);
        var virtualServices = DelegateMerger.Merge(model, problems).AddRange(GatewayRouteConverter.Convert(model, services, problems));
        return new MeshWorld(model, services, virtualServices);
    }

    /// <summary>The service that a resource of a namespace means by a host, whoever sees it.</summary>
    public MeshService? FindService(string host, string ns)
        => _byHost.GetValueOrDefault(host) ?? _byHost.GetValueOrDefault(ServiceNames.CompleteReference(host, ns));

    /// <summary>The client without what makes no difference in this mesh, so that clients with the same view are equal.</summary>
    public MeshClient Reduce(MeshClient client) => client with
    {
        Labels = client.Labels.RemoveRange(client.Labels.Keys.Where(label => !_selectingLabels.Contains(label))),
        Locality = _isLocalityUsed ? client.Locality : "",
    };

    public ServiceDirectory ViewFor(MeshClient client) => ClientDirectoryBuilder.Build(this, client);

    /// <summary>The same without what a Sidecar takes away.</summary>
    public ServiceDirectory Unscoped(MeshClient client)
        => ClientDirectoryBuilder.Build(new MeshWorld(Model with { Sidecars = [] }, Services, VirtualServices), client);

    private static MeshClient InNamespace(string ns, ImmutableSortedDictionary<string, string>? labels = null)
        => MeshClient.Default with { Namespace = ns, Labels = labels ?? MeshClient.Default.Labels };

    private static IEnumerable<string> Particular(ResourceIdentity owner, ExportScope scope)
        => scope.Targets.Contains(ExportScope.All) ? [] : scope.Targets.Where(IsNamespace).Append(owner.Namespace);

    private static bool IsNamespace(string target) => target is not (ExportScope.All or ExportScope.Own or ExportScope.None);
}
