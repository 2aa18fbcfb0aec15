using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.LoadBalancing;

/// <summary>What ring hash and Maglev have in common.</summary>
public sealed class HashingPickerTests
{
    private static readonly RingHashConfig Ring = new(RingHashConfig.DefaultMinSize, RingHashConfig.SizeLimit);
    private static readonly MaglevConfig Maglev = new(MaglevConfig.DefaultTableSize);

    public static TheoryData<bool> Policies => [false, true];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Pick_NoHash_IsAtRandom(bool isMaglev)
    {
        var cluster = HashedCluster.Of(Config(isMaglev), "a", "b", "c");
        var counts = new int[3];
        for (var i = 0; i < 30_000; i++)
        {
            counts[cluster.PickWithoutHash()]++;
        }

        // The ring's own shares vary by 1 / sqrt(342), the draws by less.
        Assert.All(counts, static count => Assert.InRange(count, 7_000, 13_000));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Pick_EndpointBacksOff_GoesToTheSameOtherOneAndMovesNobodyElse(bool isMaglev)
    {
        var cluster = HashedCluster.Of(Config(isMaglev), "a", "b", "c", "d");
        var hashes = HashedCluster.Hashes(2_000, seed: 6);
        var before = hashes.Select(hash => cluster.Pick(hash)).ToArray();

        cluster.Loads[2].IsBackingOff = true;

        var after = hashes.Select(hash => cluster.Pick(hash)).ToArray();
        Assert.Equal(after, hashes.Select(hash => cluster.Pick(hash)));
        Assert.DoesNotContain(2, after);
        Assert.All(before.Zip(after), static pair => Assert.True(pair.First == pair.Second || pair.First == 2));
        Assert.Equal([0, 1, 3], before.Zip(after).Where(static pair => pair.First == 2).Select(static pair => pair.Second).Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Pick_OneOfManyDoesNotBackOff_IsFound(bool isMaglev)
    {
        var cluster = HashedCluster.Of(Config(isMaglev), HashedCluster.Keys(300));
        foreach (var load in cluster.Loads)
        {
            load.IsBackingOff = true;
        }

        cluster.Loads[123].IsBackingOff = false;

        Assert.All(HashedCluster.Hashes(50, seed: 7), hash => Assert.Equal(123, cluster.Pick(hash)));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Pick_AllBackOff_IsTheHashsOwnEndpoint(bool isMaglev)
    {
        var cluster = HashedCluster.Of(Config(isMaglev), "a", "b", "c");
        var hashes = HashedCluster.Hashes(100, seed: 8);
        var own = hashes.Select(hash => cluster.Pick(hash)).ToArray();
        foreach (var load in cluster.Loads)
        {
            load.IsBackingOff = true;
        }

        Assert.Equal(own, hashes.Select(hash => cluster.Pick(hash)));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Pick_Skip_OffersEveryEndpointOnceAndThoseThatBackOffLast(bool isMaglev)
    {
        var cluster = HashedCluster.Of(Config(isMaglev), "a", "b", "c", "d");
        cluster.Loads[1].IsBackingOff = true;

        foreach (var hash in HashedCluster.Hashes(100, seed: 9))
        {
            var offered = Enumerable.Range(0, 4).Select(skip => cluster.Pick(hash, skip)).ToArray();

            Assert.Equal([0, 1, 2, 3], offered.Order());
            Assert.Equal(1, offered[3]);
            Assert.Equal(offered[0], cluster.Pick(hash));
            Assert.InRange(cluster.Pick(hash, skip: 4), 0, 3);
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Create_SeveralPriorities_IsMadeOfTheFirstWithEndpoints(bool isMaglev)
    {
        var cluster = HashedCluster.Of(
            Config(isMaglev),
            HashedCluster.Locality(1, 1, ("far", 1)),
            HashedCluster.Locality(0, 1),
            HashedCluster.Locality(0, 1, ("near", 1)));

        Assert.All(HashedCluster.Hashes(100, seed: 10), hash => Assert.Equal("near", cluster.PickKey(hash)));
    }

    [Theory]
    [InlineData(false, false, 0.2, 0.8)] // every endpoint for itself: 1 of 5
    [InlineData(true, false, 0.2, 0.8)]
    [InlineData(false, true, 0.75, 0.25)] // localities 3 to 1
    [InlineData(true, true, 0.75, 0.25)]
    public void Create_SeveralLocalities_AreOnOneRingByTheWeightsThatCount(bool isMaglev, bool weighsLocalities, double first, double second)
    {
        var cluster = HashedCluster.Of(
            isMaglev ? Maglev with { WeighsLocalities = weighsLocalities } : new RingHashConfig(16_384, RingHashConfig.SizeLimit) { WeighsLocalities = weighsLocalities },
            HashedCluster.Locality(0, 3, ("a", 1)),
            HashedCluster.Locality(0, 1, ("b", 1), ("c", 1), ("d", 2)));

        var shares = cluster.Shares(HashedCluster.Hashes(100_000, seed: 12));

        Assert.InRange(shares[0], first - 0.02, first + 0.02);
        Assert.InRange(shares[1..].Sum(), second - 0.02, second + 0.02);
        Assert.InRange(shares[3], (second / 2) - 0.02, (second / 2) + 0.02);
    }

    [Theory]
    [InlineData(false, null, null, "10.0.0.1:80")]
    [InlineData(false, "a.test", null, "10.0.0.1:80")]
    [InlineData(true, "a.test", null, "a.test")]
    [InlineData(true, null, null, "10.0.0.1:80")]
    [InlineData(true, "a.test", "key", "key")]
    [InlineData(false, null, "key", "key")]
    public void Of_Endpoint_IsKnownByItsKeyItsHostnameOrItsAddress(bool usesHostname, string? hostname, string? hashKey, string expected)
    {
        var endpoint = new EndpointConfig(EndpointAddress.Tcp("10.0.0.1", 80), 1) { Hostname = hostname, HashKey = hashKey };

        Assert.Equal(expected, KeyOf(endpoint, Ring with { UsesHostname = usesHostname }));
    }

    [Fact]
    public void Of_OtherAddresses_AreWrittenAsEnvoyWritesThem()
    {
        Assert.Equal("[::1]:80", KeyOf(new EndpointConfig(EndpointAddress.Tcp("::1", 80), 1), Ring));
        Assert.Equal("/run/a.sock", KeyOf(new EndpointConfig(EndpointAddress.UnixSocket("/run/a.sock"), 1), Ring));
    }

    [Fact]
    public void Create_NothingThatCountsChanged_KeepsRingAndTable()
    {
        var random = new SeededRandomSource(1);
        var endpoints = new EndpointsConfig { ClusterName = "c", Localities = [HashedCluster.Locality(0, 1, ("a", 1), ("b", 1))] };
        var again = endpoints with { Localities = [HashedCluster.Locality(0, 7, ("a", 1), ("b", 1))] }; // the one locality's weight is of no account
        var changed = endpoints with { Localities = [HashedCluster.Locality(0, 1, ("a", 1), ("b", 2))] };

        var ring = Assert.IsType<RingHashPicker>(Create(endpoints, Ring, null));
        var table = Assert.IsType<MaglevPicker>(Create(endpoints, Maglev, null));

        Assert.Same(ring.Ring, ((RingHashPicker)Create(again, Ring, ring)).Ring);
        Assert.Same(table.Table, ((MaglevPicker)Create(again, Maglev, table)).Table);
        Assert.NotSame(ring.Ring, ((RingHashPicker)Create(changed, Ring, ring)).Ring);
        Assert.NotSame(table.Table, ((MaglevPicker)Create(changed, Maglev, table)).Table);
        Assert.NotSame(ring.Ring, ((RingHashPicker)Create(again, Ring with { MinSize = 2 }, ring)).Ring);
        Assert.IsType<RingHashPicker>(Create(endpoints, Ring, table));

        EndpointPicker Create(EndpointsConfig of, HashingConfig config, EndpointPicker? previous) => EndpointPickerFactory.Create(of, config, EndpointLoad.Idle(2), random, previous);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Pick_AfterBuild_AllocatesNothing(bool isMaglev)
    {
        var cluster = HashedCluster.Of(Config(isMaglev), HashedCluster.Keys(100));
        cluster.Loads[3].IsBackingOff = true;
        var random = new SeededRandomSource(1);
        cluster.Pick(1);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0UL; i < 1_000; i++)
        {
            cluster.Picker.Pick(new PickContext(random) { Hash = new RequestHash(i * 0x0123_4567_89ab_cdef) });
            cluster.Picker.Pick(new PickContext(random));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string KeyOf(EndpointConfig endpoint, HashingConfig config)
        => HashMember.Of(new EndpointsConfig { ClusterName = "c", Localities = [new LocalityConfig(default, 0, 1, [endpoint])] }, 0, config).Single().Key;

    private static HashingConfig Config(bool isMaglev) => isMaglev ? Maglev : Ring;
}
