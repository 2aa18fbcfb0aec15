namespace ProxylessMesh.Bootstrap;

/// <summary>
/// What an Istio node id, <c>sidecar~ip~pod.namespace~namespace.svc.domain</c>, tells of this workload's DNS names.
/// </summary>
/// <param name="Namespace">The workload's namespace.</param>
/// <param name="DnsDomain">What a service name of the same namespace is completed with: <c>namespace.svc.domain</c>.</param>
/// <param name="ClusterDomain">The cluster's domain, usually <c>cluster.local</c>.</param>
internal sealed record IstioIdentity(string Namespace, string DnsDomain, string ClusterDomain)
{
    private const string ServiceInfix = ".svc.";

    /// <summary>Whether a node id has Istio's form, be it one that names no namespace.</summary>
    public static bool IsNodeId(string nodeId) => nodeId.Split('~').Length == 4;

    /// <returns><see langword="null"/> when the id is not Istio's.</returns>
    public static IstioIdentity? FromNodeId(string nodeId)
    {
        var parts = nodeId.Split('~');
        if (parts.Length != 4)
        {
            return null;
        }

        var dnsDomain = parts[3];
        var infix = dnsDomain.IndexOf(ServiceInfix, StringComparison.Ordinal);
        var clusterDomainStart = infix + ServiceInfix.Length;

        // A namespace is one DNS label; a pod without the agent sends the bare "cluster.local", which names none.
        return infix <= 0 || dnsDomain.AsSpan(0, infix).Contains('.') || clusterDomainStart == dnsDomain.Length
            ? null
            : new IstioIdentity(dnsDomain[..infix], dnsDomain, dnsDomain[clusterDomainStart..]);
    }
}
