using ProxylessMesh.Clusters;
using ProxylessMesh.Routing;

namespace ProxylessMesh.Http;

/// <summary>A host and port as a request's URI gives them; the host is in lower case.</summary>
internal readonly record struct AuthorityKey(string Host, int Port);

/// <summary>What the mesh keeps of an authority that requests name: its listener, and the virtual host found last.</summary>
/// <param name="host">See <see cref="Host"/>.</param>
/// <param name="listener">Its listener.</param>
/// <param name="target">See <see cref="Target"/>; <see langword="null"/> where a plain URI named it.</param>
internal sealed class MeshAuthority(string host, ListenerState listener, string? target = null)
{
    private volatile FoundVirtualHost? _found;

    /// <summary>The authority as it is sent in Host or <c>:authority</c>: with its port, unless that is the scheme's default.</summary>
    public string Host { get; } = host;

    /// <summary>The authority as a gRPC target, for telemetry.</summary>
    public string Target { get; } = target ?? $"{XdsTarget.Scheme}:///{host}";

    public ListenerState Listener { get; } = listener;

    /// <summary>The virtual host of <see cref="Host"/>; looked up once for each route table.</summary>
    public VirtualHost<ClusterState>? FindVirtualHost(RouteTable<ClusterState> routes)
    {
        var found = _found;
        if (found is null || !ReferenceEquals(found.Routes, routes))
        {
            found = new FoundVirtualHost(routes, routes.FindVirtualHost(Host));
            _found = found;
        }

        return found.VirtualHost;
    }

    private sealed record FoundVirtualHost(RouteTable<ClusterState> Routes, VirtualHost<ClusterState>? VirtualHost);
}
