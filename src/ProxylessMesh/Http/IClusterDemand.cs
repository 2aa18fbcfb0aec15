using ProxylessMesh.Clusters;

namespace ProxylessMesh.Http;

/// <summary>Puts clusters on the configuration's road that no route names. Called on the configuration loop.</summary>
internal interface IClusterDemand
{
    ClusterState Acquire(string name);

    void Release(string name);
}
