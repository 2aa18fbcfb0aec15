using System.Collections.Immutable;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.FileProviders.Physical;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.ControlPlane.World;
using ProxylessMesh.ControlPlane.Yaml;

namespace ProxylessMesh.ControlPlane.Files;

/// <summary>
/// Follows a mesh file, or the files of a directory. It compares the content, so it sees every way of changing files: rewriting,
/// adding, removing, renaming one over another, and the swapped symbolic links of a Kubernetes ConfigMap. Change notifications
/// only make it look sooner. A wrong file changes nothing: the last good configuration stays in force as a whole until a good
/// one comes.
/// </summary>
internal sealed partial class MeshFileSource : IAsyncDisposable
{
    private readonly string _path;
    private readonly MeshFileSourceOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<bool> _looks = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private ImmutableArray<MeshFile> _lastFiles; // of the loop
    private long _lastVersion = 1; // of the loop
    private Exception? _lastError; // swapped whole
    private Task _loop = Task.CompletedTask;

    private MeshFileSource(string path, ImmutableArray<MeshFile> files, MeshWorld world, MeshFileSourceOptions options, TimeProvider timeProvider, ILogger logger)
    {
        _path = path;
        _lastFiles = files;
        _options = options;
        _timeProvider = timeProvider;
        _logger = logger;
        Store = new MeshConfigurationStore(Translate(world, _lastVersion));
    }

    /// <summary>The last good configuration.</summary>
    public MeshConfigurationStore Store { get; }

    /// <summary>Why what the path holds now is not in force, or <see langword="null"/> when it is.</summary>
    public Exception? LastError => Volatile.Read(ref _lastError);

    /// <summary>Raised after a new configuration came into force. Handlers run on the loop and must not throw.</summary>
    public event Action? Changed;

    /// <exception cref="MeshFileException">A file is missing or wrong, or the directory has none.</exception>
    public static async Task<MeshFileSource> StartAsync(
        string path,
        MeshFileSourceOptions options,
        TimeProvider timeProvider,
        ILogger<MeshFileSource> logger,
        CancellationToken cancellationToken)
    {
        var files = await MeshFileLoader.ReadAsync(path, cancellationToken).ConfigureAwait(false);
        var (world, warnings) = MeshFileLoader.Parse(path, files);
        var source = new MeshFileSource(path, files, world, options, timeProvider, logger);
        source.LogWarnings(warnings);
        source._loop = Task.Run(source.RunAsync, CancellationToken.None);
        return source;
    }

    /// <summary>Stops following; the configuration stays readable.</summary>
    public async ValueTask DisposeAsync()
    {
        // Not disposed: disposing twice must stay harmless, and without a timer or a wait handle it holds nothing.
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        using var timer = _timeProvider.CreateTimer(_ => _looks.Writer.TryWrite(true), state: null, _options.PollInterval, _options.PollInterval);
        using var notifications = WatchForChanges();
        var stopping = _stopping.Token;
        try
        {
            while (true)
            {
                await _looks.Reader.ReadAsync(stopping).ConfigureAwait(false);
                await LookAsync(stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The only way out of the loop.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var files = await ReadSettledAsync(cancellationToken).ConfigureAwait(false);
            if (files.SequenceEqual(_lastFiles))
            {
                return;
            }

            // Also when it is wrong: the same mistake is not looked at twice.
            _lastFiles = files;
            var (world, warnings) = MeshFileLoader.Parse(_path, files);
            var resources = Translate(world, _lastVersion + 1);
            LogWarnings(warnings);
            _lastVersion++;
            Store.Publish(resources);
            Volatile.Write(ref _lastError, null);
            LogLoaded(_logger, _path, Store.Current.Resources.Version);
            Changed?.Invoke();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Whatever it was, following the file goes on.
            Reject(exception);
        }
    }

    // A writer may be halfway through, within a file or between two: the content counts once two looks in a row see the same.
    private async Task<ImmutableArray<MeshFile>> ReadSettledAsync(CancellationToken cancellationToken)
    {
        var files = await ReadAsync(cancellationToken).ConfigureAwait(false);
        while (!files.SequenceEqual(_lastFiles))
        {
            await Task.Delay(_options.SettleTime, _timeProvider, cancellationToken).ConfigureAwait(false);
            var again = await ReadAsync(cancellationToken).ConfigureAwait(false);
            if (files.SequenceEqual(again))
            {
                break;
            }

            files = again;
        }

        return files;
    }

    private async Task<ImmutableArray<MeshFile>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await MeshFileLoader.ReadAsync(_path, cancellationToken).ConfigureAwait(false);
        }
        catch (MeshFileException)
        {
            // Whatever comes back is news, even as it was.
            _lastFiles = [];
            throw;
        }
    }

    private void Reject(Exception exception)
    {
        var isNews = LastError?.Message != exception.Message;
        Volatile.Write(ref _lastError, exception);
        if (isNews)
        {
            LogRejected(_logger, exception, _path, Store.Current.Resources.Version);
        }
    }

    private MeshResources Translate(MeshWorld world, long version)
    {
        var resources = MeshResources.Translate(version.ToString(CultureInfo.InvariantCulture), world);
        var errors = ServedResourceValidator.Validate(resources);
        return errors.Count == 0 ? resources : throw new MeshFileException(_path, [.. errors.Select(error => $"{_path}: {error}")], innerException: null);
    }

    private CompositeDisposable WatchForChanges()
    {
        if (!_options.UseChangeNotifications)
        {
            return new CompositeDisposable();
        }

        var full = Path.GetFullPath(_path);
        try
        {
            var isDirectory = Directory.Exists(full);
            var provider = new PhysicalFileProvider(isDirectory ? full : Path.GetDirectoryName(full) ?? "/", ExclusionFilters.None);
            var registration = ChangeToken.OnChange(() => provider.Watch(isDirectory ? "*" : Path.GetFileName(full)), () => _looks.Writer.TryWrite(true));
            return new CompositeDisposable(registration, provider);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // For example: no more inotify watches. Polling goes on.
            LogNotWatched(_logger, exception, _path);
            return new CompositeDisposable();
        }
    }

    private void LogWarnings(ImmutableArray<MeshFileProblem> warnings)
    {
        foreach (var warning in warnings)
        {
            LogWarning(_logger, warning);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Loaded {Path} as configuration version {Version}")]
    private static partial void LogLoaded(ILogger logger, string path, string version);

    [LoggerMessage(2, LogLevel.Error, "{Path} cannot be used; configuration version {Version} stays in force")]
    private static partial void LogRejected(ILogger logger, Exception exception, string path, string version);

    [LoggerMessage(3, LogLevel.Warning, "{Problem}")]
    private static partial void LogWarning(ILogger logger, MeshFileProblem problem);

    [LoggerMessage(4, LogLevel.Warning, "Change notifications for {Path} are not available; it is looked at periodically")]
    private static partial void LogNotWatched(ILogger logger, Exception exception, string path);

    /// <summary>Ends a watch and its provider, in this order.</summary>
    private sealed class CompositeDisposable(params IDisposable[] parts) : IDisposable
    {
        public void Dispose()
        {
            foreach (var part in parts)
            {
                part.Dispose();
            }
        }
    }
}
