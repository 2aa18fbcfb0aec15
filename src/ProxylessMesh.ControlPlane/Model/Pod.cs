using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>A Kubernetes <c>Pod</c>, as far as it is an endpoint.</summary>
internal sealed record Pod
{
    public required ResourceIdentity Identity { get; init; }

    public required SourceField Source { get; init; }

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Empty when it has none yet.</summary>
    public string Address { get; init; } = "";

    public string ServiceAccount { get; init; } = "default";

    public string NodeName { get; init; } = "";

    /// <summary>Named container ports, by which a Service's <c>targetPort</c> may ask.</summary>
    public ImmutableSortedDictionary<string, int> Ports { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>Running and ready, as an endpoint has to be.</summary>
    public bool IsReady { get; init; }
}

/// <summary>A Kubernetes <c>Node</c>: where its pods run, as <c>region/zone/subzone</c>.</summary>
internal sealed record KubernetesNode(ResourceIdentity Identity, string Locality);
