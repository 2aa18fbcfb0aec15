using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Ads;

/// <summary>The control plane in the same process: the same session as over the network, joined by two bounded queues. Thread-safe.</summary>
internal sealed class InProcessXdsTransport(string serverName, MeshConfigurationStore store, ILogger logger) : IXdsTransport
{
    private readonly Lock _lock = new();
    private readonly HashSet<InProcessXdsStream> _streams = []; // guarded by _lock
    private bool _isDisposed; // guarded by _lock

    /// <inheritdoc/>
    public string ServerName { get; } = serverName;

    /// <summary>A file is validated whole before it is served: what it no longer holds was taken out on purpose.</summary>
    public bool FailsOnDataErrors => true;

    /// <inheritdoc/>
    public IXdsStream OpenStream(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var stream = new InProcessXdsStream(ServerName, store, logger, Forget, cancellationToken);
            _streams.Add(stream);
            return stream;
        }
    }

    /// <summary>Ends every open stream.</summary>
    public async ValueTask DisposeAsync()
    {
        InProcessXdsStream[] open;
        lock (_lock)
        {
            _isDisposed = true;
            open = [.. _streams];
        }

        foreach (var stream in open)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Forget(InProcessXdsStream stream)
    {
        lock (_lock)
        {
            _streams.Remove(stream);
        }
    }
}
