using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.IO.Hashing;
using System.Numerics;
using System.Text;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// A ring of hashes (D. Karger et al., "Consistent Hashing and Random Trees", 1997; gRFC A42): each endpoint owns entries at the
/// hashes of its key with a number, in proportion to its weight, and a request belongs to the first entry at or after its own hash.
/// When an endpoint goes, only what belonged to its entries moves. Immutable.
/// </summary>
/// <remarks>
/// The ring is as large as gives the lightest endpoint a whole number of entries, from the least to the greatest size. Hashes are even
/// over their range, so that the place of one is found in a table by its first bits, and a step or two from there: no
/// binary search, whose steps are all cache misses on a large ring.
/// </remarks>
internal sealed class HashRing
{
    private const int MaxStackBytes = 512;
    private const int MaxNumberBytes = 11; // '_' and a number below 2^31

    /// <summary>In ascending order.</summary>
    private readonly ulong[] _hashes;

    /// <summary>At b, the first entry whose hash begins with the bits b or greater ones.</summary>
    private readonly int[] _buckets;
    private readonly int _bucketShift;

    /// <param name="members">The endpoints, at least one.</param>
    /// <param name="config">The ring's size and hash function.</param>
    public HashRing(ImmutableArray<HashMember> members, RingHashConfig config)
    {
        Members = members;
        Config = config;

        // 1. The size: so many entries that the lightest endpoint has a whole number of them.
        var lightest = members.Min(static member => member.Share);
        var scale = Math.Min(Math.Ceiling(lightest * config.MinSize) / lightest, config.MaxSize);

        // 2. The entries. Fractions are carried on to the next endpoint, so that the ring comes out at its size.
        var length = (int)Math.Ceiling(scale);
        var hashes = new List<ulong>(length);
        var ownersByEntry = new List<int>(length);
        var target = 0.0;
        foreach (var member in members)
        {
            target += scale * member.Share;
            AddEntries(member, target, hashes, ownersByEntry, config.Function);
        }

        // 3. In the order of their hashes.
        _hashes = [.. hashes];
        var sorted = ownersByEntry.ToArray();
        Array.Sort(_hashes, sorted);
        var owners = new CompactIndices(sorted.Length, members.Max(static member => member.Index));
        for (var i = 0; i < sorted.Length; i++)
        {
            owners[i] = sorted[i];
        }

        Owners = owners;

        // 4. The table that finds them.
        var bits = Math.Max(1, BitOperations.Log2((uint)_hashes.Length));
        _bucketShift = 64 - bits;
        _buckets = new int[1 << bits];
        for (int bucket = 0, entry = 0; bucket < _buckets.Length; bucket++)
        {
            while (entry < _hashes.Length && _hashes[entry] >> _bucketShift < (ulong)bucket)
            {
                entry++;
            }

            _buckets[bucket] = entry;
        }
    }

    public ImmutableArray<HashMember> Members { get; }

    public RingHashConfig Config { get; }

    /// <summary>Whose each entry is: the endpoint's index.</summary>
    public CompactIndices Owners { get; }

    /// <summary>The entry that a hash belongs to.</summary>
    public int Find(ulong hash)
    {
        var hashes = _hashes;
        var entry = _buckets[(int)(hash >> _bucketShift)];
        while (entry < hashes.Length && hashes[entry] < hash)
        {
            entry++;
        }

        return entry < hashes.Length ? entry : 0;
    }

    /// <summary>Adds entries of one endpoint until the ring has as many as it should by now.</summary>
    private static void AddEntries(HashMember member, double target, List<ulong> hashes, List<int> owners, RingHashFunction function)
    {
        var maxLength = Encoding.UTF8.GetMaxByteCount(member.Key.Length) + MaxNumberBytes;
        var rented = maxLength > MaxStackBytes ? ArrayPool<byte>.Shared.Rent(maxLength) : null;
        var text = rented ?? stackalloc byte[MaxStackBytes];
        var keyLength = Encoding.UTF8.GetBytes(member.Key, text);
        text[keyLength++] = (byte)'_';
        for (var number = 0; hashes.Count < target; number++)
        {
            Utf8Formatter.TryFormat(number, text[keyLength..], out var digits);
            var entry = text[..(keyLength + digits)];
            hashes.Add(function == RingHashFunction.MurmurHash2 ? MurmurHash2.Hash(entry) : XxHash64.HashToUInt64(entry));
            owners.Add(member.Index);
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
