using Envoy.Service.Discovery.V3;

namespace ProxylessMesh.Xds;

/// <summary>
/// The resources of one type: who waits for which name, and what is cached. Knows no stream: what it holds survives streams
/// and servers. Lives on the configuration loop.
/// </summary>
internal abstract class ResourceSet(string typeUrl, bool isFullState, bool isWildcard = false)
{
    public string TypeUrl { get; } = typeUrl;

    /// <inheritdoc cref="ResourceTypes.ShortNameOf"/>
    public string ShortName { get; } = ResourceTypes.ShortNameOf(typeUrl);

    /// <summary>
    /// Whether every response carries all subscribed resources, so that absence means deletion (LDS and CDS), or only some
    /// of them (RDS and EDS).
    /// </summary>
    public bool IsFullState { get; } = isFullState;

    /// <summary>
    /// Whether all resources of the type are asked for, by no names at all ("wildcard", xDS transport protocol), once for each stream.
    /// What is not in the answer does not exist.
    /// </summary>
    public bool IsWildcard { get; } = isWildcard;

    /// <summary>The names to ask for.</summary>
    public abstract IReadOnlyCollection<string> Names { get; }

    /// <summary>
    /// Whether there is something to say to the server. LDS and CDS are never asked for no names: servers take an empty
    /// list for a wildcard (seen with istiod).
    /// </summary>
    public bool HasSubscription { get; protected set; } = isWildcard;

    /// <summary>Whether a resource is awaited: see <see cref="ResourceState.IsAwaited"/>.</summary>
    public abstract bool HasAwaited { get; }

    /// <summary>How each resource stands, in the words of telemetry, with the authority of its name.</summary>
    public abstract IEnumerable<(string Authority, string State)> CacheStates { get; }

    /// <summary>Stores the resources and says what was wrong with the others; an empty list is an ACK.</summary>
    public abstract IReadOnlyList<string> Apply(DiscoveryResponse response, ServerContext server);

    /// <summary>Of the names just asked for on a connected stream those that are awaited: their timers start (gRFC A57).</summary>
    public abstract IReadOnlyList<ResourceState> FindAwaited(IEnumerable<string> names);

    /// <summary>The resource timer ran out for these.</summary>
    public abstract void OnTimeout(IReadOnlyList<ResourceState> states, ServerContext server);

    /// <summary>No server can be reached: tells those who have nothing to go on with.</summary>
    public abstract void OnUnreachable(Configuration.ResourceError error);

    /// <summary>Adds how each resource stands.</summary>
    public abstract void Describe(List<MeshResource> resources);

    /// <summary>The resources that came since the last call with a time to live, or without one that they had.</summary>
    public abstract IReadOnlyList<(ResourceState State, TimeSpan? TimeToLive)> TakeRenewals();

    /// <summary>The time to live of a resource ran out.</summary>
    public abstract void OnExpired(ResourceState state, ServerContext server);
}
