namespace ProxylessMesh.Configuration;

/// <summary>Takes each snapshot into effect. Called on the configuration loop.</summary>
internal interface ISnapshotConsumer
{
    void OnSnapshot(MeshSnapshot snapshot, SnapshotChanges changes);
}

/// <summary>Holds the current snapshot: published by one writer, read whole by anyone.</summary>
internal sealed class SnapshotStore(ISnapshotConsumer consumer)
{
    private volatile MeshSnapshot _current = MeshSnapshot.Empty;

    public MeshSnapshot Current => _current;

    public void Publish(MeshSnapshot snapshot, SnapshotChanges changes)
    {
        _current = snapshot;
        consumer.OnSnapshot(snapshot, changes);
    }
}
