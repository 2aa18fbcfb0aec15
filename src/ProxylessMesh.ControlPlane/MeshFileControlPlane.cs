using Microsoft.Extensions.Logging;
using ProxylessMesh.ControlPlane.Ads;
using ProxylessMesh.ControlPlane.Files;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane;

/// <summary>A control plane fed by a mesh file or a directory of them, which it follows: for use in the same process, and behind <see cref="ControlPlaneServer"/>. Thread-safe.</summary>
internal sealed class MeshFileControlPlane : IAsyncDisposable
{
    private readonly string _path;
    private readonly MeshFileSource _source;
    private readonly ILogger _sessionLogger;

    private MeshFileControlPlane(string path, MeshFileSource source, ILogger sessionLogger)
    {
        _path = path;
        _source = source;
        _sessionLogger = sessionLogger;
    }

    /// <summary>Raised after a changed file came into force; what <see cref="DeclaredHosts"/> answers may have changed.</summary>
    public event Action? Changed
    {
        add => _source.Changed += value;
        remove => _source.Changed -= value;
    }

    /// <summary>Why what the path holds now is not in force, or <see langword="null"/> when it is.</summary>
    public Exception? LastError => _source.LastError;

    internal MeshConfigurationStore Store => _source.Store;

    /// <param name="path">The file, or the directory of files; a relative path starts at the working directory.</param>
    /// <param name="timeProvider">The clock of the polling fallback.</param>
    /// <param name="loggerFactory">For what happens to the files and what clients answer.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="MeshFileException">A file is missing or wrong, or the directory has none.</exception>
    public static async Task<MeshFileControlPlane> StartAsync(
        string path,
        TimeProvider timeProvider,
        ILoggerFactory loggerFactory,
        CancellationToken cancellationToken)
    {
        var source = await MeshFileSource
            .StartAsync(path, MeshFileSourceOptions.Default, timeProvider, loggerFactory.CreateLogger<MeshFileSource>(), cancellationToken)
            .ConfigureAwait(false);
        return new MeshFileControlPlane(path, source, loggerFactory.CreateLogger<AdsSession>());
    }

    /// <summary>A way to this control plane; the caller disposes it.</summary>
    public IXdsTransport CreateTransport() => new InProcessXdsTransport(_path, _source.Store, _sessionLogger);

    /// <summary>Stops following the files. Transports stay usable and serve the last good configuration.</summary>
    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
