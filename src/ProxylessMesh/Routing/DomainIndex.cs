using System.Collections.Frozen;

namespace ProxylessMesh.Routing;

/// <summary>
/// Finds the value of the domain that fits a host best (<c>VirtualHost.domains</c>): the exact name, then the longest
/// <c>*.suffix</c>, then the longest <c>prefix.*</c>, then <c>*</c>; ASCII case does not matter. Immutable. Of equal domains the
/// first counts.
/// </summary>
internal sealed class DomainIndex<T>
    where T : class
{
    private readonly FrozenDictionary<string, T>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly WildcardLength[] _suffixes;
    private readonly WildcardLength[] _prefixes;
    private readonly T? _any;

    public DomainIndex(IEnumerable<KeyValuePair<string, T>> domains)
    {
        var exact = new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);
        var suffixes = new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);
        var prefixes = new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);
        foreach (var (domain, value) in domains)
        {
            if (domain == "*")
            {
                _any ??= value;
            }
            else if (domain.StartsWith('*'))
            {
                suffixes.TryAdd(domain[1..], value);
            }
            else if (domain.EndsWith('*'))
            {
                prefixes.TryAdd(domain[..^1], value);
            }
            else
            {
                exact.TryAdd(domain, value);
            }
        }

        _exact = Freeze(exact);
        _suffixes = ByLength(suffixes);
        _prefixes = ByLength(prefixes);
    }

    public T? Find(ReadOnlySpan<char> host)
    {
        if (_exact.TryGetValue(host, out var value))
        {
            return value;
        }

        foreach (var wildcard in _suffixes)
        {
            // Strictly shorter: the asterisk stands for at least one character.
            if (wildcard.Length < host.Length && wildcard.Values.TryGetValue(host[^wildcard.Length..], out value))
            {
                return value;
            }
        }

        foreach (var wildcard in _prefixes)
        {
            if (wildcard.Length < host.Length && wildcard.Values.TryGetValue(host[..wildcard.Length], out value))
            {
                return value;
            }
        }

        return _any;
    }

    private static WildcardLength[] ByLength(Dictionary<string, T> wildcards) =>
    [
        .. wildcards
            .GroupBy(static wildcard => wildcard.Key.Length)
            .OrderByDescending(static group => group.Key)
            .Select(static group => new WildcardLength(group.Key, Freeze(group))),
    ];

    private static FrozenDictionary<string, T>.AlternateLookup<ReadOnlySpan<char>> Freeze(IEnumerable<KeyValuePair<string, T>> values)
        => values.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The wildcards of one length, so that a host asks once per length and not once per wildcard.</summary>
    private readonly record struct WildcardLength(int Length, FrozenDictionary<string, T>.AlternateLookup<ReadOnlySpan<char>> Values);
}
