using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds;

/// <summary>
/// Ends the use of resources whose time to live ran out (xDS transport protocol): the control plane gave them for a while only, and a lost
/// stream does not prolong it. Lives on the configuration loop.
/// </summary>
internal sealed class ResourceLifetimes(ConfigurationLoop loop, TimeProvider timeProvider, Action<ResourceSet> onExpired)
{
    private readonly Dictionary<ResourceState, ITimer> _timers = [];

    /// <summary>Starts anew, or stops, the clocks of what a response has brought.</summary>
    public void Renew(ResourceSet set, ServerContext server)
    {
        foreach (var (state, timeToLive) in set.TakeRenewals())
        {
            if (_timers.Remove(state, out var running))
            {
                running.Dispose();
            }

            if (timeToLive is { } time)
            {
                Start(set, state, time, server);
            }
        }
    }

    public void Stop()
    {
        foreach (var timer in _timers.Values)
        {
            timer.Dispose();
        }

        _timers.Clear();
    }

    private void Start(ResourceSet set, ResourceState state, TimeSpan time, ServerContext server)
    {
        ITimer? timer = null;
        timer = timeProvider.CreateTimer(
            _ => loop.Post(() =>
            {
                // One that fired while the resource came again no longer counts.
                if (_timers.TryGetValue(state, out var current) && current == timer)
                {
                    _timers.Remove(state);
                    current.Dispose();
                    set.OnExpired(state, server);
                    onExpired(set);
                }
            }),
            null,
            time,
            Timeout.InfiniteTimeSpan);
        _timers.Add(state, timer);
    }
}
