using ProxylessMesh.Configuration;

namespace ProxylessMesh.Clusters;

/// <summary>
/// The clusters that routes lead to, by name: one <see cref="ClusterState"/> for all routes that name it, kept as long as
/// one does. Lives on the configuration loop; requests hold the states themselves.
/// </summary>
internal sealed class ClusterRegistry(ClusterEnvironment environment)
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private bool _hasEnded;

    /// <summary>Takes a hold on a cluster; the first one creates it from the snapshot.</summary>
    public ClusterState Acquire(string name, MeshSnapshot snapshot)
    {
        if (!_entries.TryGetValue(name, out var entry))
        {
            entry = new Entry(new ClusterState(name, environment));
            _entries.Add(name, entry);
            if (snapshot.Clusters.TryGetValue(name, out var cluster))
            {
                entry.State.Apply(cluster);
            }
        }

        entry.References++;
        return entry.State;
    }

    /// <summary>Gives a hold back; the last one retires the cluster. Those that are given back after the mesh's end have been retired with it.</summary>
    public void Release(string name)
    {
        if (_hasEnded)
        {
            return;
        }

        var entry = _entries[name];
        if (--entry.References == 0)
        {
            _entries.Remove(name);
            entry.State.Retire();
        }
    }

    /// <summary>
    /// Takes a changed cluster into effect. One that left the snapshot but is still held, by a route table that stands in
    /// until its successor is complete, stays as it is.
    /// </summary>
    public void Apply(string name, MeshSnapshot snapshot)
    {
        if (_entries.TryGetValue(name, out var entry) && snapshot.Clusters.TryGetValue(name, out var cluster))
        {
            entry.State.Apply(cluster);
        }
    }

    /// <summary>The mesh ends: every connection closes with its last request.</summary>
    public void RetireAll()
    {
        _hasEnded = true;
        foreach (var entry in _entries.Values)
        {
            entry.State.Retire();
        }

        _entries.Clear();
    }

    private sealed class Entry(ClusterState state)
    {
        public ClusterState State { get; } = state;

        public int References { get; set; }
    }
}
