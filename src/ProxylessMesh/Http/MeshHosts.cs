using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Http;

/// <summary>
/// Which hosts belong to the mesh, and what the control plane calls them. Never in the mesh: <c>https</c> URIs, IP
/// addresses and localhost. In it: single-label names, <c>*.svc.cluster.local</c>, what the control plane declares, and what
/// the user adds; with an Istio control plane also the names of the own namespace and of the cluster's own domain. In Istio's
/// sidecar dialect every host is, as it is for a sidecar: what the control plane does not know it passes on, or refuses.
/// </summary>
internal sealed class MeshHosts(
    IEnumerable<string> added, Func<string, bool> isDeclared, string listenerTemplate, IstioIdentity? istio, IstioDialect dialect = IstioDialect.None)
{
    public const int DefaultPort = 80;

    private const string KubernetesSuffix = ".svc.cluster.local";

    private readonly string[] _suffixes = [.. added.Where(host => host.StartsWith("*.", StringComparison.Ordinal)).Select(host => host[1..])];
    private readonly HashSet<string> _names = new(added.Where(host => !host.StartsWith("*.", StringComparison.Ordinal)), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a URI can lead into the mesh at all; needs no configuration to be known. <c>ws</c> is what a WebSocket client calls <c>http</c>.</summary>
    public static bool IsCandidate(Uri uri)
        => uri.IsAbsoluteUri
            && (uri.Scheme.Equals(Uri.UriSchemeHttp, StringComparison.Ordinal) || uri.Scheme.Equals(Uri.UriSchemeWs, StringComparison.Ordinal))
            && uri.HostNameType == UriHostNameType.Dns
            && !IsLocalhost(uri.Host);

    /// <param name="uri">A candidate.</param>
    public bool Contains(Uri uri)
    {
        var host = uri.Host;
        return dialect == IstioDialect.Sidecar
            || !host.Contains('.', StringComparison.Ordinal)
            || host.EndsWith(KubernetesSuffix, StringComparison.OrdinalIgnoreCase)
            || _names.Contains(host)
            || HasAddedSuffix(host)
            || (istio is not null && IsIstioName(host, istio))
            || isDeclared(host);
    }

    /// <summary>
    /// The name to ask the control plane for. gRPC: the bootstrap's template with the authority put in. Istio: always
    /// <c>host:port</c>, short names written out in full, so that all names of a service share one listener. Istio's sidecar
    /// dialect: the port, whose route configuration knows all hosts.
    /// </summary>
    /// <param name="authority">A host, with its port unless that is 80 by default.</param>
    public string ListenerName(string authority)
    {
        if (istio is null && dialect != IstioDialect.Sidecar)
        {
            return ListenerNameTemplate.Expand(listenerTemplate, authority);
        }

        var colon = authority.LastIndexOf(':');
        var (host, port) = colon < 0 ? (authority, "80") : (authority[..colon], authority[(colon + 1)..]);
        if (istio is null || dialect == IstioDialect.Sidecar)
        {
            return port;
        }

        return $"{InFull(host, istio)}:{port}";
    }

    private static bool IsLocalhost(string host)
        => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsIstioName(string host, IstioIdentity istio)
        => host.EndsWith(".svc", StringComparison.OrdinalIgnoreCase)
            || host.EndsWith($".svc.{istio.ClusterDomain}", StringComparison.OrdinalIgnoreCase)
            || IsInOwnNamespace(host, istio);

    private static bool IsInOwnNamespace(string host, IstioIdentity istio)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && host.AsSpan(dot + 1).Equals(istio.Namespace, StringComparison.OrdinalIgnoreCase);
    }

    private static string InFull(string host, IstioIdentity istio)
    {
        host = host.TrimEnd('.');
        if (!host.Contains('.', StringComparison.Ordinal))
        {
            return $"{host}.{istio.Namespace}.svc.{istio.ClusterDomain}";
        }

        if (IsInOwnNamespace(host, istio))
        {
            return $"{host}.svc.{istio.ClusterDomain}";
        }

        return host.EndsWith(".svc", StringComparison.OrdinalIgnoreCase) ? $"{host}.{istio.ClusterDomain}" : host;
    }

    private bool HasAddedSuffix(string host)
    {
        foreach (var suffix in _suffixes)
        {
            if (host.Length > suffix.Length && host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
