using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>Finds what was said of a host by name or by wildcard. Filled once, then only read.</summary>
internal sealed class HostIndex<T>
{
    private readonly Dictionary<string, List<T>> _byPattern = new(StringComparer.Ordinal);
    private readonly List<string> _wildcards = [];

    public void Add(string pattern, T item)
    {
        if (!_byPattern.TryGetValue(pattern, out var items))
        {
            _byPattern[pattern] = items = [];
            if (HostPattern.IsWildcard(pattern))
            {
                _wildcards.Add(pattern);
            }
        }

        items.Add(item);
    }

    /// <summary>What was said by the most precise pattern, in the order of its adding; nothing when no pattern holds the host.</summary>
    public IReadOnlyList<T> MostPrecise(string host) => Patterns(host).Select(pattern => _byPattern[pattern]).FirstOrDefault() ?? [];

    /// <summary>Everything said of the host, the most precise pattern first.</summary>
    public IEnumerable<T> All(string host) => Patterns(host).SelectMany(pattern => _byPattern[pattern]);

    private IEnumerable<string> Patterns(string host)
    {
        if (_byPattern.ContainsKey(host))
        {
            yield return host;
        }

        foreach (var pattern in _wildcards.Where(pattern => pattern != host && HostPattern.Includes(pattern, host)).OrderByDescending(HostPattern.Precision))
        {
            yield return pattern;
        }
    }
}
