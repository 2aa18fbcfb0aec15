namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Holds the configuration in force. One writer publishes; any number of streams read <see cref="Current"/> and wait for
/// <see cref="Generation.Superseded"/>. A reader that is slow meets only the newest generation and holds up nobody.
/// </summary>
internal sealed class MeshConfigurationStore
{
    private Generation _current; // swapped whole by the one writer

    public MeshConfigurationStore(MeshResources first) => _current = new Generation(first);

    public Generation Current => Volatile.Read(ref _current);

    /// <summary>Puts a new configuration in force. Called by one writer at a time.</summary>
    public void Publish(MeshResources resources)
    {
        var previous = _current;
        Volatile.Write(ref _current, new Generation(resources));
        previous.Supersede();
    }

    /// <summary>One published configuration, and the news that it is no longer the newest.</summary>
    public sealed class Generation(MeshResources resources)
    {
        // Streams continue on their own: publishing must never run them.
        private readonly TaskCompletionSource _superseded = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public MeshResources Resources { get; } = resources;

        public Task Superseded => _superseded.Task;

        public void Supersede() => _superseded.SetResult();
    }
}
