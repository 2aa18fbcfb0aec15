using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>A Kubernetes <c>Service</c>. Its host is <c>name.namespace.svc.cluster.local</c>.</summary>
internal sealed record KubernetesService
{
    public required ResourceIdentity Identity { get; init; }

    public required SourceField Source { get; init; }

    public ImmutableArray<ServicePort> Ports { get; init; } = [];

    /// <summary>The virtual IP addresses; none for headless services and aliases.</summary>
    public ImmutableArray<string> ClusterIps { get; init; } = [];

    /// <summary><c>clusterIP: None</c>.</summary>
    public bool IsHeadless { get; init; }

    /// <summary><c>externalName</c> of a service of that type: another name for that host.</summary>
    public string? ExternalName { get; init; }

    /// <summary><see langword="null"/> selects nothing.</summary>
    public LabelSelector? Selector { get; init; }

    /// <summary>Annotation <c>networking.istio.io/exportTo</c>.</summary>
    public ExportScope? ExportTo { get; init; }

    /// <summary><c>trafficDistribution</c>: near endpoints first.</summary>
    public bool PrefersClose { get; init; }

    public string Host => ServiceNames.FullName(Identity.Name, Identity.Namespace);
}
