using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.Http;

namespace ProxylessMesh;

/// <summary>Has the configuration's road follow a cluster, and the request's road keep it. Lives on the configuration loop.</summary>
internal sealed class ClusterDemand(SnapshotBuilder builder, SnapshotStore store, ClusterRegistry clusters) : IClusterDemand
{
    public ClusterState Acquire(string name)
    {
        builder.AddClusterReference(name);
        return clusters.Acquire(name, store.Current);
    }

    public void Release(string name)
    {
        builder.ReleaseClusterReference(name);
        clusters.Release(name);
    }
}
