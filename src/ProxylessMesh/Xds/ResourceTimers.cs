using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds;

/// <summary>
/// The resource timers of one type on one stream: whoever is asked for and not answered in time is told so, once for each stream
/// (gRFC A57). Holds on to nothing that has been answered or is no longer asked for: a stream may last as long as the process. Lives on
/// the configuration loop.
/// </summary>
/// <param name="loop">Where a timer that ran out is dealt with.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="timeout">How long the server may take.</param>
/// <param name="onTimeout">Told which ones were asked for together and have had their time; some may have been answered meanwhile.</param>
internal sealed class ResourceTimers(ConfigurationLoop loop, TimeProvider timeProvider, TimeSpan timeout, Action<IReadOnlyList<ResourceState>> onTimeout)
{
    /// <summary>Whose timers were started on the current stream.</summary>
    private readonly HashSet<ResourceState> _timed = [];
    private readonly List<Running> _running = [];

    /// <summary>Starts one timer for those of <paramref name="awaited"/> that have had none on this stream.</summary>
    public void Start(IEnumerable<ResourceState> awaited)
    {
        var states = awaited.Where(_timed.Add).ToList();
        if (states.Count == 0)
        {
            return;
        }

        Running? running = null;
        var timer = timeProvider.CreateTimer(_ => loop.Post(() => OnTimer(running!)), null, timeout, Timeout.InfiniteTimeSpan); // posted behind this step of the loop
        running = new Running(timer, states);
        _running.Add(running);
    }

    /// <summary>Lets go of what was answered, and of what is not asked for any more. Call it when a response was applied, and when the names have changed.</summary>
    public void Settle()
    {
        _timed.RemoveWhere(static state => state.IsDropped);
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            if (!_running[i].States.Exists(static state => state.IsAwaited && !state.IsDropped))
            {
                _running[i].Timer.Dispose();
                _running.RemoveAt(i);
            }
        }
    }

    /// <summary>The stream has ended.</summary>
    public void Stop()
    {
        foreach (var running in _running)
        {
            running.Timer.Dispose();
        }

        _running.Clear();
        _timed.Clear();
    }

    private void OnTimer(Running running)
    {
        // One that fired while it was stopped no longer counts.
        if (_running.Remove(running))
        {
            running.Timer.Dispose();
            onTimeout(running.States);
        }
    }

    private sealed class Running(ITimer timer, List<ResourceState> states)
    {
        public ITimer Timer { get; } = timer;

        public List<ResourceState> States { get; } = states;
    }
}
