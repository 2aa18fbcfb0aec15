using System.Net;

namespace ProxylessMesh.Filters;

/// <summary>
/// Who limited requests come from. A proxy tells its callers apart by their addresses; this process is the one caller of its requests, and what
/// they say of others (<c>x-forwarded-for</c>) is not believed.
/// </summary>
/// <param name="Cluster">The bootstrap's <c>node.cluster</c>; empty where it says none.</param>
/// <param name="Address">Who the process is: its address, where the node ID tells it.</param>
internal sealed record RateLimitOrigin(string Cluster, string Address)
{
    private const int IstioNodeIdParts = 4; // type~ip~pod.namespace~domain

    /// <summary>The address; <see langword="null"/> where <see cref="Address"/> is another name of the process.</summary>
    public IPAddress? IPAddress { get; } = IPAddress.TryParse(Address, out var address) ? address : null;

    /// <param name="cluster">The bootstrap's <c>node.cluster</c>.</param>
    /// <param name="nodeId">The xDS node ID. Istio's tells the workload's address.</param>
    /// <param name="machineName">Stands in for an empty node ID.</param>
    public static RateLimitOrigin Of(string cluster, string nodeId, string machineName)
    {
        var parts = nodeId.Split('~');
        var source = parts.Length == IstioNodeIdParts && IPAddress.TryParse(parts[1], out var address) ? address.ToString() : nodeId;
        return new RateLimitOrigin(cluster, source.Length > 0 ? source : machineName);
    }
}
