using System.Buffers;
using System.Collections.Immutable;

namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// Picks by the request's hash from a circle of places, each of which belongs to an endpoint. An endpoint to which connecting has just
/// failed is passed over for the next one on the circle (gRFC A42), always the same for the same hash, so that what belongs
/// to a dead endpoint is spread over the others and stays where it went. A request without a hash is given a random one.
/// </summary>
internal abstract class HashingPicker : EndpointPicker
{
    private const int MaxStackBytes = 2048;
    private const int BitsPerByte = 8;

    private readonly CompactIndices _owners;
    private readonly IEndpointLoad[] _loads;
    private readonly BoundedLoad? _bound;

    /// <param name="owners">Whose each place is.</param>
    /// <param name="members">The endpoints on the circle.</param>
    /// <param name="loads">The loads of all the cluster's endpoints.</param>
    /// <param name="balanceFactor"><c>hash_balance_factor</c>.</param>
    private protected HashingPicker(CompactIndices owners, ImmutableArray<HashMember> members, IEndpointLoad[] loads, uint? balanceFactor)
    {
        _owners = owners;
        _loads = loads;
        MemberCount = members.Length;
        _bound = balanceFactor is { } factor ? new BoundedLoad(members, loads, factor) : null;
    }

    public override bool NeedsHash => true;

    private int MemberCount { get; }

    public override PickResult Pick(in PickContext context)
    {
        var hash = context.Hash.IsNone ? Draw(context.Random) : context.Hash.Value;
        var place = PlaceOf(hash);
        var endpoint = _owners[place];
        if (context.Skip > 0 || _loads[endpoint].IsBackingOff)
        {
            endpoint = Walk(place, context.Skip);
        }

        return new PickResult(_bound?.Relieve(endpoint, hash) ?? endpoint);
    }

    /// <summary>The place that a hash belongs to.</summary>
    private protected abstract int PlaceOf(ulong hash);

    private static ulong Draw(IRandomSource random) => ((ulong)random.Next(uint.MaxValue) << 32) | random.Next(uint.MaxValue);

    /// <summary>
    /// The endpoints in the order in which the circle meets them: first those that may be connected to, then those that are backing
    /// off, because somebody must be tried.
    /// </summary>
    private int Walk(int start, int skip)
    {
        var length = (_loads.Length + BitsPerByte - 1) / BitsPerByte;
        var rented = length > MaxStackBytes ? ArrayPool<byte>.Shared.Rent(length) : null;
        var seen = (rented ?? stackalloc byte[MaxStackBytes])[..length];
        var found = Walk(start, ref skip, isBackingOff: false, seen);
        if (found < 0)
        {
            found = Walk(start, ref skip, isBackingOff: true, seen);
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return found < 0 ? _owners[start] : found;
    }

    private int Walk(int start, ref int skip, bool isBackingOff, Span<byte> seen)
    {
        seen.Clear();
        var place = start;
        for (var left = MemberCount; left > 0;)
        {
            var endpoint = _owners[place];
            ref var byteOfSeen = ref seen[endpoint / BitsPerByte];
            var bit = (byte)(1 << (endpoint % BitsPerByte));
            if ((byteOfSeen & bit) == 0)
            {
                byteOfSeen |= bit;
                left--;
                if (_loads[endpoint].IsBackingOff == isBackingOff && skip-- == 0)
                {
                    return endpoint;
                }
            }

            place = place + 1 == _owners.Length ? 0 : place + 1;
            if (place == start)
            {
                break; // an endpoint may be so light that it owns no place
            }
        }

        return -1;
    }
}
