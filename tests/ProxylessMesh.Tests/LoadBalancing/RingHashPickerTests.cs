using System.Globalization;
using System.IO.Hashing;
using System.Text;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Tests.LoadBalancing;

public sealed class RingHashPickerTests
{
    private static readonly RingHashConfig Default = new(RingHashConfig.DefaultMinSize, RingHashConfig.SizeLimit);

    /// <summary>Each row: sizes, weights, and how many entries each endpoint has on the ring, worked out by hand.</summary>
    public static TheoryData<uint, uint, uint[], int[]> Rings => new()
    {
        { 1024, 8_388_608, [1], [1024] },
        { 1024, 8_388_608, [1, 1, 1], [342, 342, 342] }, // 1024 / 3 is no whole number: the next
        { 64, 256, [1, 2, 5, 1], [8, 16, 40, 8] }, // 64 / 9 is 7.1
        { 64, 256, [3, 6, 15, 3], [8, 16, 40, 8] }, // only ratios count
        { 10, 12, [1, 1, 1, 1], [3, 3, 3, 3] },
        { 1, 3, [1, 1, 1, 1], [1, 1, 1, 0] }, // more endpoints than places
        { 10, 10, [2, 3], [4, 6] },
        { 10, 11, [2, 3], [4, 6] }, // 10 is enough for whole entries
        { 4, 6, [1, 4], [1, 4] }, // 4 / 5 of an entry is none: the next whole one makes 5
        { 7, 7, [1, 4], [2, 5] }, // 1.4 and 5.6: the fraction is carried on
        { 1, 1, [5, 5], [1, 0] },
    };

    [Theory]
    [MemberData(nameof(Rings))]
    public void Pick_AnyHash_IsTheFirstEntryOfANaiveRing(uint minSize, uint maxSize, uint[] weights, int[] entries)
    {
        var cluster = HashedCluster.Of(new RingHashConfig(minSize, maxSize), weights.Select(static (weight, i) => ($"endpoint-{i}", weight)));
        var ring = new SortedDictionary<ulong, string>();
        for (var i = 0; i < entries.Length; i++)
        {
            for (var n = 0; n < entries[i]; n++)
            {
                ring.Add(Hash($"endpoint-{i}_{n}"), $"endpoint-{i}");
            }
        }

        // Random hashes, and those where an entry begins and ends.
        IEnumerable<ulong> hashes = [.. HashedCluster.Hashes(2_000, seed: 1), .. ring.Keys, .. ring.Keys.Select(static key => key + 1), ulong.MaxValue, 1];

        Assert.All(hashes, hash => Assert.Equal(ring.FirstOrDefault(entry => entry.Key >= hash, ring.First()).Value, cluster.PickKey(hash)));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(50)]
    [InlineData(200)]
    public void Pick_EndpointGoesAndOthersKeepTheirEntries_MovesItsKeysAndNoOthers(int count)
    {
        // So many places that every endpoint has one less than there are endpoints, whether one of them is there or not.
        const int KeyCount = 20_000;
        var config = new RingHashConfig((uint)((count - 1) * (count - 1)), RingHashConfig.SizeLimit);
        var hashes = HashedCluster.Hashes(KeyCount, seed: count);
        var before = HashedCluster.Of(config, HashedCluster.Keys(count));
        var owners = hashes.Select(hash => before.PickKey(hash)).ToArray();
        var total = 0;
        foreach (var gone in HashedCluster.Keys(count).Take(10))
        {
            var after = HashedCluster.Of(config, HashedCluster.Keys(count).Where(key => key != gone));
            var moved = hashes.Where((hash, i) => after.PickKey(hash) != owners[i]).Count();

            Assert.Equal(owners.Count(owner => owner == gone), moved);
            total += moved;
        }

        Assert.InRange(total / 10.0, 1, 1.2 * KeyCount / count);
    }

    /// <summary>
    /// A ring keeps its size, in gRPC and in Envoy: where one endpoint goes, the others get its entries' number again, and what begins at those
    /// moves too. That is as much once more, less what moves anyway.
    /// </summary>
    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(50)]
    public void Pick_EndpointGoesAndTheRingKeepsItsSize_MovesTwiceItsKeys(int count)
    {
        const int KeyCount = 20_000;
        var config = new RingHashConfig(65_536, RingHashConfig.SizeLimit); // 1,310 entries each at least: shares within 3 %
        var hashes = HashedCluster.Hashes(KeyCount, seed: count);
        var all = HashedCluster.Of(config, HashedCluster.Keys(count));
        var owners = hashes.Select(hash => all.PickKey(hash)).ToArray();
        foreach (var gone in HashedCluster.Keys(count).Where((_, i) => i % (count / 3) == 0))
        {
            var rest = HashedCluster.Of(config, HashedCluster.Keys(count).Where(key => key != gone));

            Assert.InRange(hashes.Where((hash, i) => rest.PickKey(hash) != owners[i]).Count(), 1, 2.2 * KeyCount / count);
        }
    }

    [Fact]
    public void Pick_Weights_ShareTheRingOut()
    {
        // 65,536 entries in all; the share of w of 18 has a standard deviation of below 1.1 % of itself for w >= 1. Six of them.
        var cluster = HashedCluster.Of(new RingHashConfig(65_536, RingHashConfig.SizeLimit), [("a", 1), ("b", 2), ("c", 5), ("d", 10)]);

        var shares = cluster.Shares(HashedCluster.Hashes(200_000, seed: 2));

        uint[] weights = [1, 2, 5, 10];
        for (var i = 0; i < weights.Length; i++)
        {
            Assert.InRange(shares[i] * 18 / weights[i], 0.93, 1.07);
        }
    }

    [Fact]
    public void Pick_HashFunctionMurmur_IsAnotherRing()
    {
        var hashes = HashedCluster.Hashes(1_000, seed: 3);
        var xx = HashedCluster.Of(Default, "a", "b", "c");
        var murmur = HashedCluster.Of(Default with { Function = RingHashFunction.MurmurHash2 }, "a", "b", "c");

        Assert.InRange(hashes.Count(hash => xx.PickKey(hash) == murmur.PickKey(hash)), 200, 470); // 333 if they have nothing to do with each other
    }

    [Fact]
    public void Pick_TenThousandEndpoints_EachHasItsEntry()
    {
        var cluster = HashedCluster.Of(Default, HashedCluster.Keys(10_000));

        var picked = HashedCluster.Keys(10_000).Count(key => cluster.PickKey(Hash($"{key}_0")) == key);

        Assert.Equal(10_000, picked);
    }

    private static ulong Hash(string text) => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture)));
}
