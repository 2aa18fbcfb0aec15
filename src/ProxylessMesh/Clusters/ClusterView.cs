using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;

namespace ProxylessMesh.Clusters;

/// <summary>
/// What a request needs of a cluster, immutable: read once, it stays whole whatever comes meanwhile. Exactly one of four:
/// pending, unusable (<see cref="Error"/>), usable (<see cref="Picker"/> or <see cref="Destinations"/>), or retired.
/// </summary>
internal sealed class ClusterView
{
    public static readonly ClusterView Pending = new([], null, null, null, null, isAbsent: false);

    /// <summary>No route leads here any more: a request that still does looks at its routes again.</summary>
    public static readonly ClusterView Retired = new([], null, null, null, null, isAbsent: false);

    private ClusterView(EndpointState[] endpoints, EndpointPicker? picker, OriginalDestinations? destinations, ClusterConfig? config, ResourceError? error, bool isAbsent)
    {
        Endpoints = endpoints;
        Picker = picker;
        Destinations = destinations;
        Config = config;
        Error = error;
        IsAbsent = isAbsent;
    }

    /// <summary>What the picker's index refers to. Never modified.</summary>
    public EndpointState[] Endpoints { get; }

    public EndpointPicker? Picker { get; }

    /// <summary>In the place of a picker, when a request goes where its URI points.</summary>
    public OriginalDestinations? Destinations { get; }

    public ClusterConfig? Config { get; }

    public ResourceError? Error { get; }

    /// <summary>Whether it is unusable because there is no such cluster, which is the route's to answer (<c>cluster_not_found_response_code</c>).</summary>
    public bool IsAbsent { get; }

    public bool IsPending => ReferenceEquals(this, Pending);

    public bool IsRetired => ReferenceEquals(this, Retired);

    public static ClusterView Usable(ClusterConfig config, EndpointState[] endpoints, EndpointPicker picker) => new(endpoints, picker, null, config, null, isAbsent: false);

    public static ClusterView Usable(ClusterConfig config, OriginalDestinations destinations) => new([], null, destinations, config, null, isAbsent: false);

    public static ClusterView Unusable(ResourceError error) => new([], null, null, null, error, isAbsent: false);

    public static ClusterView Absent(ResourceError error) => new([], null, null, null, error, isAbsent: true);
}
