using System.Collections.Immutable;
using System.Numerics;

namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// Consistent hashing with bounded loads (V. Mirrokni et al., 2016; <c>hash_balance_factor</c>): an endpoint with more active
/// requests than its bound, so many percent of its share of the cluster's, hands a request on. To whom is a jump that the hash
/// decides, not the neighbour, who would be the next to overflow (J. Chen et al., "Revisiting Consistent Hashing with Bounded
/// Loads", 2019). When all are over their bounds, the one that is least so gets it. Immutable.
/// </summary>
/// <remarks>The count of all active requests is a sum over the endpoints, taken only while the endpoint itself has two or more.</remarks>
internal sealed class BoundedLoad
{
    private const uint Percent = 100;
    private const ulong Golden = 0x9e3779b97f4a7c15; // an odd number with its bits well spread (D. Knuth, TAOCP 3, 6.4)

    private readonly ImmutableArray<HashMember> _members;
    private readonly IEndpointLoad[] _loads;
    private readonly uint _factor;

    /// <summary>Each endpoint's share, by its index.</summary>
    private readonly double[] _shares;

    /// <param name="members">The endpoints to choose from.</param>
    /// <param name="loads">The loads of all the cluster's endpoints.</param>
    /// <param name="factor">In percent, at least 100.</param>
    public BoundedLoad(ImmutableArray<HashMember> members, IEndpointLoad[] loads, uint factor)
    {
        _members = members;
        _loads = loads;
        _factor = factor;
        _shares = new double[loads.Length];
        foreach (var member in members)
        {
            _shares[member.Index] = member.Share;
        }
    }

    /// <returns><paramref name="endpoint"/>, or another if it has its fill.</returns>
    public int Relieve(int endpoint, ulong hash)
    {
        // Everybody may have one request, and an even share rounded up is one at least.
        if (_loads[endpoint].ActiveRequests <= 1)
        {
            return endpoint;
        }

        var active = 0L;
        foreach (var load in _loads)
        {
            active += load.ActiveRequests;
        }

        var slots = (((active + 1) * _factor) + Percent - 1) / Percent;
        var best = endpoint;
        var least = Overload(endpoint, slots);
        if (least <= 1)
        {
            return endpoint;
        }

        // Every member once, in an order that the hash decides: a step without a common divisor with their number.
        var count = (ulong)_members.Length;
        var place = Scatter(hash) % count;
        var step = Coprime(Scatter(hash + Golden), count);
        for (var i = 0UL; i < count; i++, place = (place + step) % count)
        {
            var candidate = _members[(int)place].Index;
            if (candidate == endpoint || _loads[candidate].IsBackingOff)
            {
                continue;
            }

            var overload = Overload(candidate, slots);
            if (overload <= 1)
            {
                return candidate;
            }

            if (overload < least)
            {
                (best, least) = (candidate, overload);
            }
        }

        return best;
    }

    /// <summary>Active requests per request allowed.</summary>
    private double Overload(int endpoint, long slots) => _loads[endpoint].ActiveRequests / Math.Max(1, Math.Ceiling(slots * _shares[endpoint]));

    private static ulong Scatter(ulong value)
    {
        value *= Golden;
        return BitOperations.RotateLeft(value, 32) ^ value;
    }

    private static ulong Coprime(ulong number, ulong count)
    {
        var step = (number % count) + 1;
        while (GreatestCommonDivisor(step, count) != 1)
        {
            step++;
        }

        return step;
    }

    private static ulong GreatestCommonDivisor(ulong a, ulong b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
