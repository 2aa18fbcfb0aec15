using System.IO.Hashing;
using System.Net;
using System.Text;

namespace ProxylessMesh.Routing;

/// <summary>
/// What hash policies know of the caller itself. A proxy tells its callers apart by their addresses and gRPC its channels by their
/// numbers; this process is one caller with one channel, the mesh.
/// </summary>
/// <param name="Source">The hash of who this process is (<c>connection_properties.source_ip</c>).</param>
/// <param name="Channel">A random number (<c>filter_state</c> <c>io.grpc.channel_id</c>).</param>
internal sealed record HashOrigin(ulong Source, ulong Channel)
{
    private const int IstioNodeIdParts = 4; // type~ip~pod.namespace~domain

    /// <param name="nodeId">The xDS node ID. Istio's tells the workload's address, which is what a sidecar would hash.</param>
    /// <param name="machineName">Stands in for an empty node ID.</param>
    /// <param name="random">Gives the channel's number.</param>
    public static HashOrigin Of(string nodeId, string machineName, IRandomSource random)
    {
        var parts = nodeId.Split('~');
        var source = parts.Length == IstioNodeIdParts && IPAddress.TryParse(parts[1], out var address) ? address.ToString() : nodeId;
        return new HashOrigin(
            XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(source.Length > 0 ? source : machineName)),
            ((ulong)random.Next(uint.MaxValue) << 32) | random.Next(uint.MaxValue));
    }
}
