using Google.Protobuf;
using ProxylessMesh.Configuration;
using ProxylessMesh.Telemetry;

namespace ProxylessMesh.Xds;

/// <summary>Where one subscribed resource stands, whatever its type. Lives on the configuration loop.</summary>
internal abstract class ResourceState(string name)
{
    private string _version = "";
    private DateTimeOffset? _lastUpdated;
    private string? _serverName;

    public string Name { get; } = name;

    /// <summary>The authority of the name, in the words of telemetry.</summary>
    public string Authority { get; } = XdstpName.IsXdstp(name) && XdstpName.TryParse(name, out var parsed, out _) ? parsed.Authority : TelemetryNames.XdsOldStyleAuthority;

    public MeshResourceState Status { get; private set; } = MeshResourceState.Requested;

    /// <summary>What went wrong since the last good answer, be the resource kept or not.</summary>
    public MeshResourceError? LastError { get; private set; }

    public abstract bool HasValue { get; }

    /// <summary>
    /// Whether no server has said anything of use about it. Rejected and absent resources do not count: they are cached as
    /// such, and are no reason to fall back (gRFC A71).
    /// </summary>
    public bool IsAwaited => !HasValue && Status is MeshResourceState.Requested or MeshResourceState.Timeout;

    /// <summary>Whether the subscription has ended; another one to the same name has a state of its own.</summary>
    public bool IsDropped { get; set; }

    /// <summary>Whether it was given for a while only.</summary>
    public bool IsTemporary { get; set; }

    public MeshResource Describe(string typeUrl) => new()
    {
        TypeUrl = typeUrl,
        Name = Name,
        State = Status,
        IsInUse = HasValue,
        Version = _version,
        LastUpdated = _lastUpdated,
        ControlPlane = _serverName,
        Error = LastError,
    };

    /// <summary>The resource in use came again, or a better one.</summary>
    public void NoteGood(in ResourceAnswer answer)
    {
        Status = MeshResourceState.Acked;
        LastError = null;
        _version = answer.Version;
        _lastUpdated = answer.Time;
        _serverName = answer.Server.ServerName;
    }

    /// <returns>Whether this is news: the same was not said last time.</returns>
    public bool NoteError(MeshResourceState status, string message, in ResourceAnswer answer)
    {
        var isNews = Status != status || LastError?.Message != message;
        Status = status;
        LastError = new MeshResourceError { Message = message, Version = answer.Version, Time = answer.Time };
        _serverName = answer.Server.ServerName;
        return isNews;
    }
}

/// <summary>One subscribed resource: what is cached of it and who watches it. Lives on the configuration loop.</summary>
internal sealed class ResourceState<T>(string name) : ResourceState(name)
    where T : class
{
    private readonly List<IResourceWatcher<T>> _watchers = [];

    private T? _value;
    private ResourceError? _error;

    public bool HasWatchers => _watchers.Count > 0;

    /// <summary>The last good configuration wins until a better one comes.</summary>
    public override bool HasValue => _value is not null;

    /// <summary>The bytes of the resource in use; set as long as there is one.</summary>
    public ByteString? AcceptedBytes { get; private set; }

    /// <summary>The bytes rejected last.</summary>
    public ByteString? RejectedBytes { get; private set; }

    /// <summary>Why <see cref="RejectedBytes"/> were.</summary>
    public IReadOnlyList<string> Rejection { get; private set; } = [];

    /// <summary>Adds a watcher and tells it what it missed.</summary>
    public void Add(IResourceWatcher<T> watcher)
    {
        _watchers.Add(watcher);
        if (_value is not null)
        {
            watcher.OnChanged(_value);
        }
        else if (_error is not null)
        {
            watcher.OnError(_error);
        }
    }

    public void Remove(IResourceWatcher<T> watcher) => _watchers.Remove(watcher);

    public void SetValue(T value, ByteString bytes)
    {
        _value = value;
        _error = null;
        AcceptedBytes = bytes;

        // A copy: a watcher that follows a reference may come and go while it is told.
        foreach (var watcher in _watchers.ToArray())
        {
            watcher.OnChanged(value);
        }
    }

    public void SetRejection(ByteString bytes, IReadOnlyList<string> rejection)
    {
        RejectedBytes = bytes;
        Rejection = rejection;
    }

    /// <summary>There is nothing to use. Drops what was cached.</summary>
    public void SetError(ResourceError error)
    {
        _value = null;
        _error = error;
        AcceptedBytes = null;
        foreach (var watcher in _watchers.ToArray())
        {
            watcher.OnError(error);
        }
    }
}
