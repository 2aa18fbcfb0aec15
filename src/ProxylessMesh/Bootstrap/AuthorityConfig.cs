using System.Collections.Immutable;

namespace ProxylessMesh.Bootstrap;

/// <summary>One of <c>authorities</c> (gRFC A47): who is asked for the <c>xdstp</c> names that carry it.</summary>
internal sealed record AuthorityConfig
{
    /// <summary>
    /// <c>client_listener_resource_name_template</c>: <c>%s</c> becomes the service called, percent-encoded. The default is
    /// <c>xdstp://&lt;authority&gt;/envoy.config.listener.v3.Listener/%s</c>.
    /// </summary>
    public required string ClientListenerTemplate { get; init; }

    /// <summary>The control planes in order of preference; empty: those of the bootstrap itself.</summary>
    public ImmutableArray<XdsServerConfig> Servers { get; init; } = [];

    /// <summary><c>fallback_on_reachability_only</c> (gRFC A95): the next server is asked as soon as one cannot be reached, also when nothing is missing.</summary>
    public bool FallsBackOnReachabilityOnly { get; init; }
}
