using System.Collections.Frozen;
using System.Collections.Immutable;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Routing;

/// <summary>
/// Narrows the routes of a virtual host down to those whose path can match, in list order, so that a request does not try a
/// thousand of them. Immutable.
/// <list type="number">
/// <item>Exact paths are looked up in a dictionary.</item>
/// <item>Prefixes stand sorted. Between a prefix of the path and the path itself there are only strings that begin with that
/// prefix, so every prefix of the path is the greatest entry not above it, or one of that entry's own prefixes: a binary search
/// and a few steps up. An entry lists the routes of its own prefix and of all shorter ones.</item>
/// <item>What cannot be indexed (regular expressions, comparisons that ignore case) is tried every time.</item>
/// </list>
/// The three lists ascend and are merged on the way (<see cref="RouteCandidates"/>), hence the first match is still the one
/// with the smallest index.
/// </summary>
internal sealed class PathIndex
{
    private readonly FrozenDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly Prefix[] _prefixes;
    private readonly int[] _unindexed;

    public PathIndex(ImmutableArray<RouteMatchConfig> routes)
    {
        var exact = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        var prefixes = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        var unindexed = new List<int>();
        for (var i = 0; i < routes.Length; i++)
        {
            switch (routes[i].Path.Matcher)
            {
                case { Kind: StringMatchKind.Exact, IgnoreCase: false } matcher:
                    Add(exact, matcher.Value, i);
                    break;
                case { Kind: StringMatchKind.Prefix, IgnoreCase: false } matcher:
                    Add(prefixes, matcher.Value, i);
                    break;
                default:
                    unindexed.Add(i);
                    break;
            }
        }

        _exact = exact
            .ToFrozenDictionary(static entry => entry.Key, entry => UpToUnconditional(entry.Value, routes), StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        _prefixes = Link(prefixes, routes);
        _unindexed = [.. unindexed];
    }

    public RouteCandidates Find(ReadOnlySpan<char> path)
    {
        _exact.TryGetValue(path, out var exact);
        return new RouteCandidates(exact, FindPrefix(path), _unindexed);
    }

    private static void Add(IDictionary<string, List<int>> routesByPath, string path, int route)
    {
        if (!routesByPath.TryGetValue(path, out var routes))
        {
            routes = [];
            routesByPath.Add(path, routes);
        }

        routes.Add(route);
    }

    private static Prefix[] Link(SortedDictionary<string, List<int>> prefixes, ImmutableArray<RouteMatchConfig> routes)
    {
        var linked = new Prefix[prefixes.Count];
        var count = 0;
        foreach (var (value, own) in prefixes)
        {
            var parent = count - 1;
            while (parent >= 0 && !value.StartsWith(linked[parent].Value, StringComparison.Ordinal))
            {
                parent = linked[parent].Parent;
            }

            var inherited = parent < 0 ? [] : linked[parent].Routes;
            linked[count++] = new Prefix(value, parent, UpToUnconditional(own.Concat(inherited).Order(), routes));
        }

        return linked;
    }

    /// <summary>What stands after a route that asks for nothing but the path can never be reached by that path.</summary>
    private static int[] UpToUnconditional(IEnumerable<int> candidates, ImmutableArray<RouteMatchConfig> routes)
    {
        var reachable = new List<int>();
        foreach (var route in candidates)
        {
            reachable.Add(route);
            if (routes[route].IsPathOnly)
            {
                break;
            }
        }

        return [.. reachable];
    }

    private int[]? FindPrefix(ReadOnlySpan<char> path)
    {
        // 1. The greatest entry that is not above the path.
        var low = 0;
        var high = _prefixes.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (path.SequenceCompareTo(_prefixes[middle].Value) >= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        // 2. It, or the longest of its own prefixes that the path shares.
        var entry = low - 1;
        if (entry < 0)
        {
            return null;
        }

        var shared = path.CommonPrefixLength(_prefixes[entry].Value);
        while (entry >= 0 && _prefixes[entry].Value.Length > shared)
        {
            entry = _prefixes[entry].Parent;
        }

        return entry < 0 ? null : _prefixes[entry].Routes;
    }

    /// <param name="Value">The prefix.</param>
    /// <param name="Parent">The entry of the longest other prefix that this one begins with, or -1.</param>
    /// <param name="Routes">The routes of this prefix and of its parents, ascending.</param>
    private readonly record struct Prefix(string Value, int Parent, int[] Routes);
}
