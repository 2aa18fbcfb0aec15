using System.Collections.Immutable;
using System.Diagnostics;

namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// Draws one of several items, each with the probability of its share of the total weight. Immutable. A draw is one random
/// number and a binary search in the cumulative sums; a single item needs no number.
/// </summary>
internal sealed class WeightedChoice<T>
{
    private readonly ImmutableArray<T> _items;

    /// <summary>At i, where the range of item i ends; the last is the total.</summary>
    private readonly uint[] _ends;

    /// <param name="items">At least one.</param>
    /// <param name="weights">The weight of each item; not all 0.</param>
    public WeightedChoice(ImmutableArray<T> items, ImmutableArray<uint> weights)
    {
        Debug.Assert(items.Length > 0 && items.Length == weights.Length, "Every item has a weight.");

        var total = 0UL;
        foreach (var weight in weights)
        {
            total += weight;
        }

        // Control planes keep a total within 32 bits. Where one does not, the lowest bits, 2^-32 of the whole, are dropped.
        var shift = 0;
        while (total >> shift > uint.MaxValue)
        {
            shift++;
        }

        _items = items;
        _ends = new uint[items.Length];
        var end = 0UL;
        for (var i = 0; i < _ends.Length; i++)
        {
            end += weights[i];
            _ends[i] = (uint)(end >> shift);
        }
    }

    public T Draw(IRandomSource random)
    {
        if (_items.Length == 1)
        {
            return _items[0];
        }

        return Find(random.Next(_ends[^1]));
    }

    /// <summary>Takes the item of a number given from outside instead of a drawn one, modulo the total weight.</summary>
    public T At(ulong number) => Find((uint)(number % _ends[^1]));

    private T Find(uint drawn)
    {
        var low = 0;
        var high = _ends.Length - 1;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (drawn < _ends[middle])
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return _items[low];
    }
}
