using System.Diagnostics;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// Makes pickers by hash. All localities of a priority are on one ring or table; making one is the dear part of it and is done
/// only when an endpoint came or went, or changed its key or its share.
/// </summary>
internal static class HashingPickerFactory
{
    /// <param name="endpoints">The cluster's endpoints.</param>
    /// <param name="priority">The priority to use; it has endpoints.</param>
    /// <param name="config">The cluster's policy.</param>
    /// <param name="loads">The load of each endpoint.</param>
    /// <param name="previous">The cluster's picker so far.</param>
    public static EndpointPicker Create(EndpointsConfig endpoints, int priority, HashingConfig config, IReadOnlyList<IEndpointLoad> loads, EndpointPicker? previous)
    {
        var members = HashMember.Of(endpoints, priority, config);
        IEndpointLoad[] allLoads = [.. loads];
        switch (config)
        {
            case RingHashConfig ringConfig:
                var ring = (previous as RingHashPicker)?.Ring;
                return new RingHashPicker(ring is not null && ring.Config == ringConfig && ring.Members.AsSpan().SequenceEqual(members.AsSpan()) ? ring : new HashRing(members, ringConfig), allLoads);

            case MaglevConfig maglevConfig:
                var table = (previous as MaglevPicker)?.Table;
                return new MaglevPicker(table is not null && table.Config == maglevConfig && table.Members.AsSpan().SequenceEqual(members.AsSpan()) ? table : new MaglevTable(members, maglevConfig), allLoads);

            default:
                throw new UnreachableException($"There is no picker for {config.GetType().Name}.");
        }
    }
}
