using System.Collections.Immutable;
using Google.Protobuf;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Rate limits as Istio's users configure them: <c>networking.istio.io EnvoyFilter</c>, read only as far as it is about these.</summary>
internal sealed record EnvoyFilter
{
    public required ResourceIdentity Identity { get; init; }

    /// <summary>The clients it is for; <see langword="null"/>: all.</summary>
    public LabelSelector? Workloads { get; init; }

    /// <summary>The lower comes first.</summary>
    public long Priority { get; init; }

    public ImmutableArray<EnvoyPatch> Patches { get; init; } = [];

    /// <summary>Those of the root namespace are for the clients of all.</summary>
    public bool IsFor(MeshClient client, MeshSettings settings)
        => (Identity.Namespace == client.Namespace || Identity.Namespace == settings.RootNamespace) && (Workloads?.Selects(client.Labels) ?? true);
}

/// <summary>What an EnvoyFilter may change here.</summary>
internal enum EnvoyPatchTarget
{
    /// <summary>Inserts into the filters of outbound listeners.</summary>
    HttpFilter,

    /// <summary>Merges into virtual hosts.</summary>
    VirtualHost,

    /// <summary>Merges into routes.</summary>
    Route,

    /// <summary>Adds a cluster.</summary>
    Cluster,
}

/// <summary>One <c>configPatches[]</c> entry. Conditions that are not given hold.</summary>
/// <param name="Target">What it changes.</param>
/// <param name="Value">An <c>HttpFilter</c>, <c>VirtualHost</c>, <c>Route</c> or <c>Cluster</c>.</param>
internal sealed record EnvoyPatch(EnvoyPatchTarget Target, IMessage Value)
{
    /// <summary>The port of the listener or the routes.</summary>
    public int? Port { get; init; }

    /// <summary><c>host:port</c>, as virtual hosts are called.</summary>
    public string? VirtualHostName { get; init; }

    public string? RouteName { get; init; }

    /// <summary>The filter before or after which another is put; <see langword="null"/>: at the beginning.</summary>
    public string? Anchor { get; init; }

    public bool IsAfterAnchor { get; init; }
}
