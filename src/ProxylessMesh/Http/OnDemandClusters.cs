using System.Collections.Concurrent;
using System.Text;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Http;

/// <summary>
/// The clusters that requests name in a header (<c>cluster_header</c>): put on the configuration's road by the first request that names
/// one, let go when none has for a while. A caller may invent names, so their number is bounded: at the bound, the one unused for longest that
/// nobody waits for and that is not known to work makes room. Asked by requests; the clusters themselves live on the configuration loop.
/// </summary>
internal sealed class OnDemandClusters : IDisposable
{
    /// <summary>How many names are held at once.</summary>
    public const int Capacity = 1000;

    /// <summary>Longer than this is no name that a control plane gives.</summary>
    private const int MaxNameLength = 1024;

    /// <summary>For how long a name stays that nobody asks for.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, OnDemandCluster> _clusters = new(StringComparer.Ordinal);
    private readonly ConfigurationLoop _loop;
    private readonly IClusterDemand _demand;
    private readonly TimeProvider _timeProvider;
    private readonly Lazy<ITimer> _sweeper;

    /// <param name="loop">Where clusters live.</param>
    /// <param name="demand">Puts names on the configuration's road, and takes them off.</param>
    /// <param name="timeProvider">Says what is idle.</param>
    public OnDemandClusters(ConfigurationLoop loop, IClusterDemand demand, TimeProvider timeProvider)
    {
        _loop = loop;
        _demand = demand;
        _timeProvider = timeProvider;
        _sweeper = new Lazy<ITimer>(() => timeProvider.CreateTimer(static state => ((OnDemandClusters)state!).Sweep(), this, SweepPeriod, SweepPeriod));
    }

    /// <summary>How many names are held.</summary>
    public int Count => _clusters.Count;

    /// <returns>The cluster, or <see langword="null"/> when there can be none of that name, or when there are too many.</returns>
    public OnDemandCluster? Find(string name)
    {
        if (!_clusters.TryGetValue(name, out var cluster))
        {
            if (!IsName(name) || (_clusters.Count >= Capacity && !TryMakeRoom()))
            {
                return null;
            }

            var added = new OnDemandCluster(name);
            cluster = _clusters.GetOrAdd(name, added);
            if (ReferenceEquals(cluster, added))
            {
                _ = _sweeper.Value;
                _loop.Post(() => added.Set(_demand.Acquire(name)));
            }
        }

        cluster.LastUsed = _timeProvider.GetTimestamp();
        return cluster;
    }

    public void Dispose()
    {
        if (_sweeper.IsValueCreated)
        {
            _sweeper.Value.Dispose();
        }
    }

    /// <summary>A name must be one that xDS can carry. <c>*</c> would ask for every cluster there is.</summary>
    private static bool IsName(string name)
    {
        if (name.Length is 0 or > MaxNameLength || name == "*")
        {
            return false;
        }

        foreach (var rune in name.EnumerateRunes())
        {
            // What is no valid UTF-16 reads as this one.
            if (rune == Rune.ReplacementChar || Rune.IsControl(rune))
            {
                return false;
            }
        }

        return true;
    }

    private void Sweep()
    {
        foreach (var (_, cluster) in _clusters)
        {
            if (!cluster.HasWaiting && _timeProvider.GetElapsedTime(cluster.LastUsed) >= IdleTime)
            {
                Release(cluster);
            }
        }
    }

    private bool TryMakeRoom()
    {
        OnDemandCluster? oldest = null;
        foreach (var (_, cluster) in _clusters)
        {
            if (!cluster.HasWaiting && !cluster.IsUsable && (oldest is null || cluster.LastUsed < oldest.LastUsed))
            {
                oldest = cluster;
            }
        }

        return oldest is not null && Release(oldest);
    }

    private bool Release(OnDemandCluster cluster)
    {
        if (!_clusters.TryRemove(KeyValuePair.Create(cluster.Name, cluster)))
        {
            return false;
        }

        // Behind the demand of the same name, which was posted before.
        _loop.Post(() => _demand.Release(cluster.Name));
        return true;
    }
}
