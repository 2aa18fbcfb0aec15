using Google.Protobuf;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds;

/// <summary>One subscribed resource: what is cached of it and who watches it. Lives on the configuration loop.</summary>
internal sealed class ResourceState<T>(string name)
    where T : class
{
    private readonly List<IResourceWatcher<T>> _watchers = [];

    public string Name { get; } = name;

    public bool HasWatchers => _watchers.Count > 0;

    /// <summary>The last accepted resource; the last good configuration wins until a better one comes.</summary>
    public T? Value { get; private set; }

    /// <summary>The bytes of the last answer, accepted or not: an identical one changes nothing (gRFC A36).</summary>
    public ByteString? Bytes { get; set; }

    /// <summary>Why there is no value, as far as is known.</summary>
    public ResourceError? Error { get; private set; }

    /// <summary>Whether the server has said anything about it, its absence included; until then its timer may run.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Whether its timer was started on the current stream.</summary>
    public bool IsTimed { get; set; }

    /// <summary>Adds a watcher and tells it what it missed.</summary>
    public void Add(IResourceWatcher<T> watcher)
    {
        _watchers.Add(watcher);
        if (Value is not null)
        {
            watcher.OnChanged(Value);
        }
        else if (Error is not null)
        {
            watcher.OnError(Error);
        }
    }

    public void Remove(IResourceWatcher<T> watcher) => _watchers.Remove(watcher);

    public void SetValue(T value)
    {
        Value = value;
        Error = null;
        IsAnswered = true;

        // A copy: a watcher that follows a reference may come and go while it is told.
        foreach (var watcher in _watchers.ToArray())
        {
            watcher.OnChanged(value);
        }
    }

    /// <summary>There is nothing to use. Drops what was cached.</summary>
    public void SetError(ResourceError error)
    {
        Value = null;
        Error = error;
        foreach (var watcher in _watchers.ToArray())
        {
            watcher.OnError(error);
        }
    }
}
