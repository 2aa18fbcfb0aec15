using System.IO.Hashing;
using System.Text;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Tests.LoadBalancing;

public sealed class MaglevPickerTests
{
    private static readonly MaglevConfig Default = new(MaglevConfig.DefaultTableSize);

    [Theory]
    [InlineData(2U, 2)]
    [InlineData(3U, 2)]
    [InlineData(7U, 3)]
    [InlineData(17U, 3)]
    [InlineData(17U, 30)] // more endpoints than places
    [InlineData(251U, 10)]
    [InlineData(65_537U, 3)]
    [InlineData(65_537U, 100)]
    public void Pick_EqualWeights_IsThePapersTable(uint size, int count)
    {
        var keys = HashedCluster.Keys(count).ToArray();
        var table = NaiveTable((int)size, [.. keys.Order(StringComparer.Ordinal)]);
        var cluster = HashedCluster.Of(new MaglevConfig(size), keys);

        Assert.All(Enumerable.Range(0, (int)size).Where(place => place < 500 || place % 97 == 0), place => Assert.Equal(table[place], cluster.PickKey((ulong)place + (size * 12_345UL))));
    }

    [Fact]
    public void Pick_EndpointsInAnotherOrder_IsTheSame()
    {
        var keys = HashedCluster.Keys(20).ToArray();
        var one = HashedCluster.Of(Default, keys.Select(static (key, i) => (key, (uint)(i % 3) + 1)));
        var other = HashedCluster.Of(Default, keys.Select(static (key, i) => (key, (uint)(i % 3) + 1)).Reverse());

        Assert.All(HashedCluster.Hashes(5_000, seed: 4), hash => Assert.Equal(one.PickKey(hash), other.PickKey(hash)));
    }

    /// <summary>"Increasing the table size reduces the amount of disruption" (Envoy): how large it must be for as many endpoints.</summary>
    [Theory]
    [InlineData(3, 65_537U)]
    [InlineData(10, 65_537U)]
    [InlineData(50, 655_373U)]
    public void Pick_OneEndpointGoesOrComes_MovesFewOtherKeys(int count, uint tableSize)
    {
        const int KeyCount = 20_000;
        var hashes = HashedCluster.Hashes(KeyCount, seed: count);
        var config = new MaglevConfig(tableSize);
        var all = HashedCluster.Of(config, HashedCluster.Keys(count));
        var owners = hashes.Select(hash => all.PickKey(hash)).ToArray();

        foreach (var gone in HashedCluster.Keys(count).Where((_, i) => i % (count / 3) == 0))
        {
            var rest = HashedCluster.Of(config, HashedCluster.Keys(count).Where(key => key != gone));

            Assert.InRange(hashes.Where((hash, i) => rest.PickKey(hash) != owners[i]).Count(), 1, 1.2 * KeyCount / count);
        }
    }

    [Fact]
    public void Pick_Weights_ShareTheTableOut()
    {
        var cluster = HashedCluster.Of(Default, [("a", 1), ("b", 2), ("c", 5), ("d", 10)]);

        // Every place once: the shares are exact to a turn.
        var shares = cluster.Shares([.. Enumerable.Range(1, (int)MaglevConfig.DefaultTableSize).Select(static place => (ulong)place)]);

        uint[] weights = [1, 2, 5, 10];
        for (var i = 0; i < weights.Length; i++)
        {
            Assert.InRange(shares[i] * MaglevConfig.DefaultTableSize, (weights[i] * 65_537 / 18.0) - 4, (weights[i] * 65_537 / 18.0) + 4);
        }
    }

    [Fact]
    public void Pick_GreatestAndLeastWeight_DoesNotOverflow()
    {
        var cluster = HashedCluster.Of(Default, [("a", uint.MaxValue), ("b", 1), ("c", uint.MaxValue)]);

        var shares = cluster.Shares(HashedCluster.Hashes(10_000, seed: 5));

        Assert.InRange(shares[0], 0.45, 0.55);
        Assert.InRange(shares[1], 0, 0.001);
    }

    /// <summary>The population of the lookup table as the paper has it (3.4), every permutation written out.</summary>
    private static string[] NaiveTable(int size, string[] keys)
    {
        var permutations = keys.Select(key =>
        {
            var offset = XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(key)) % (ulong)size;
            var skip = (XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(key), 1) % (ulong)(size - 1)) + 1;
            return Enumerable.Range(0, size).Select(j => (int)((offset + ((ulong)j * skip)) % (ulong)size)).GetEnumerator();
        }).ToArray();
        var table = new string?[size];
        for (var filled = 0; filled < size;)
        {
            for (var i = 0; i < keys.Length && filled < size; i++, filled++)
            {
                while (permutations[i].MoveNext() && table[permutations[i].Current] is not null)
                {
                }

                table[permutations[i].Current] = keys[i];
            }
        }

        return table!;
    }
}
