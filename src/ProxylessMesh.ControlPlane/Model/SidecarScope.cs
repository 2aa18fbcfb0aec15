using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>What clients see of the mesh: the egress half of <c>networking.istio.io Sidecar</c>.</summary>
internal sealed record SidecarScope
{
    public required ResourceIdentity Identity { get; init; }

    /// <summary><see langword="null"/>: the default of its namespace, or of the mesh in the root namespace.</summary>
    public LabelSelector? Workloads { get; init; }

    /// <summary>Empty: everything.</summary>
    public ImmutableArray<EgressListener> Egress { get; init; } = [];

    /// <summary><see langword="null"/>: the mesh's own.</summary>
    public bool? IsRegistryOnly { get; init; }
}

/// <summary>One entry of <c>egress[]</c>.</summary>
/// <param name="Port"><see langword="null"/>: every port.</param>
/// <param name="Hosts">What it lets through.</param>
internal sealed record EgressListener(int? Port, ImmutableArray<EgressHost> Hosts);

/// <summary>One <c>namespace/host</c>: <c>*</c> any, <c>.</c> the Sidecar's own, <c>~</c> none; the host may be a wildcard.</summary>
internal sealed record EgressHost(string Namespace, string Host)
{
    public bool SelectsNamespace(string own, string ns) => Namespace switch
    {
        ExportScope.All => true,
        ExportScope.Own => own == ns,
        ExportScope.None => false,
        _ => Namespace == ns,
    };
}
