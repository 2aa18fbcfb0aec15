using ProxylessMesh.Clusters;

namespace ProxylessMesh.Http;

/// <summary>One cluster that requests name in a header. Set once on the configuration loop, read by requests.</summary>
internal sealed class OnDemandCluster(string name)
{
    private readonly TaskCompletionSource _set = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ClusterState? _cluster;
    private long _lastUsed;
    private int _waiting;

    public string Name { get; } = name;

    /// <summary>The cluster, once the configuration loop has made it.</summary>
    public ClusterState? Cluster => _cluster;

    /// <summary>When a request last named it, as a timestamp of the clock.</summary>
    public long LastUsed
    {
        get => Volatile.Read(ref _lastUsed);
        set => Volatile.Write(ref _lastUsed, value);
    }

    /// <summary>Whether a request waits for it to come.</summary>
    public bool HasWaiting => Volatile.Read(ref _waiting) > 0;

    public bool IsUsable => _cluster?.View.Picker is not null;

    public void Set(ClusterState cluster)
    {
        _cluster = cluster;
        _set.SetResult();
    }

    /// <summary>Completes once the cluster is no longer pending.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _set.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            while (_cluster is { View: { IsPending: true } view } cluster)
            {
                await cluster.WaitForChangeAsync(view, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
