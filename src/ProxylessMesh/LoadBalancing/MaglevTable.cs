using System.Buffers;
using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// A Maglev table (D. Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", 2016, 3.4): every endpoint
/// has a permutation of the table's places, made of two hashes of its key, and endpoints take turns in claiming the first free
/// place of theirs. A request belongs to the place at its hash modulo the table's size. Immutable.
/// </summary>
/// <remarks>
/// An endpoint has its turn in a round as often as its weight is of the greatest one. The endpoints take turns in the order of their
/// keys, so that the order in which a control plane lists them makes no difference.
/// </remarks>
internal sealed class MaglevTable
{
    private const int MaxStackBytes = 512;

    /// <param name="members">The endpoints, at least one.</param>
    /// <param name="config">The table's size.</param>
    public MaglevTable(ImmutableArray<HashMember> members, MaglevConfig config)
    {
        Members = members;
        Config = config;

        // 1. Each endpoint's permutation.
        var size = (int)config.TableSize;
        var claimants = new Claimant[members.Length];
        var heaviest = 0.0;
        for (var i = 0; i < claimants.Length; i++)
        {
            claimants[i] = new Claimant(members[i], size);
            heaviest = Math.Max(heaviest, members[i].Share);
        }

        Array.Sort(claimants, static (a, b) => string.CompareOrdinal(a.Key, b.Key));

        // 2. Turns, in the order of rounds and in each round of the endpoints: round * 2^32 + endpoint.
        var turns = new PriorityQueue<int, ulong>(claimants.Length);
        for (var i = 0; i < claimants.Length; i++)
        {
            turns.Enqueue(i, TurnOf(round: 1, i));
        }

        var owners = new CompactIndices(size, members.Max(static member => member.Index));
        var isTaken = new bool[size];
        for (var taken = 0; taken < size; taken++)
        {
            turns.TryPeek(out var i, out var turn);
            ref var claimant = ref claimants[i];

            // 3. The first free place of the endpoint's permutation.
            while (isTaken[claimant.Place])
            {
                claimant.Advance(size);
            }

            isTaken[claimant.Place] = true;
            owners[claimant.Place] = claimant.Index;
            turns.DequeueEnqueue(i, TurnOf(claimant.NextRound(turn >> 32, heaviest), i));
        }

        Owners = owners;
    }

    public ImmutableArray<HashMember> Members { get; }

    public MaglevConfig Config { get; }

    /// <summary>Whose each place is: the endpoint's index.</summary>
    public CompactIndices Owners { get; }

    private static ulong TurnOf(ulong round, int claimant) => (round << 32) | (uint)claimant;

    /// <summary>An endpoint while the table is filled.</summary>
    private struct Claimant
    {
        private readonly double _share;
        private readonly int _skip;
        private double _target;

        public Claimant(HashMember member, int size)
        {
            Key = member.Key;
            Index = member.Index;
            _share = member.Share;
            var maxLength = Encoding.UTF8.GetMaxByteCount(member.Key.Length);
            var rented = maxLength > MaxStackBytes ? ArrayPool<byte>.Shared.Rent(maxLength) : null;
            var text = rented ?? stackalloc byte[MaxStackBytes];
            text = text[..Encoding.UTF8.GetBytes(member.Key, text)];
            Place = (int)(XxHash64.HashToUInt64(text) % (ulong)size);
            _skip = size == 2 ? 1 : (int)(XxHash64.HashToUInt64(text, seed: 1) % (ulong)(size - 1)) + 1;
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }

        public string Key { get; }

        public int Index { get; }

        /// <summary>The place that the endpoint claims next, should it be free.</summary>
        public int Place { get; private set; }

        public void Advance(int size)
        {
            Place += _skip;
            if (Place >= size)
            {
                Place -= size;
            }
        }

        /// <summary>The next round in which the endpoint has a turn: when as many rounds of its weight add up to its turns so far of the greatest.</summary>
        public ulong NextRound(ulong round, double heaviest)
        {
            // The comparison is Envoy's to the last bit, so that the tables are; the division only guesses near it.
            _target += heaviest;
            var next = Math.Max(round + 1, (ulong)Math.Min(_target / _share, uint.MaxValue - 1));
            while (next > round + 1 && (next - 1) * _share >= _target)
            {
                next--;
            }

            while (next * _share < _target && next < uint.MaxValue)
            {
                next++;
            }

            return next;
        }
    }
}
