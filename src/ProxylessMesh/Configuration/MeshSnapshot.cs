using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>
/// The whole configuration at one moment, immutable. What has not come yet is in it as pending, what cannot come as an
/// error, so that each holds up only the requests that need it.
/// </summary>
internal sealed record MeshSnapshot
{
    public static readonly MeshSnapshot Empty = new();

    public ImmutableDictionary<string, ListenerSnapshot> Listeners { get; init; } = ImmutableDictionary.Create<string, ListenerSnapshot>(StringComparer.Ordinal);

    public ImmutableDictionary<string, ClusterSnapshot> Clusters { get; init; } = ImmutableDictionary.Create<string, ClusterSnapshot>(StringComparer.Ordinal);
}

/// <summary>A listener joined with its routes. Pending while both <see cref="Routes"/> and <see cref="Error"/> are <see langword="null"/>.</summary>
internal sealed record ListenerSnapshot(string Name, ListenerConfig? Listener, RoutesConfig? Routes, ResourceError? Error);

/// <summary>
/// A cluster joined with its endpoints. Pending while <see cref="Error"/> is <see langword="null"/> and <see cref="IsComplete"/>
/// does not hold.
/// </summary>
internal sealed record ClusterSnapshot(string Name, ClusterConfig? Config, EndpointsConfig? Endpoints, ResourceError? Error)
{
    /// <summary>Whether all that the control plane can tell of it has come; the addresses of a DNS cluster are looked up later.</summary>
    public bool IsComplete => Config is not null && (Config.DiscoveryType != ClusterDiscoveryType.Eds || Endpoints is not null);
}

/// <summary>What differs between a snapshot and the one before it.</summary>
/// <param name="Listeners">Names of listeners that came, changed or went.</param>
/// <param name="Clusters">Names of clusters that came, changed or went.</param>
internal sealed record SnapshotChanges(IReadOnlyCollection<string> Listeners, IReadOnlyCollection<string> Clusters);
