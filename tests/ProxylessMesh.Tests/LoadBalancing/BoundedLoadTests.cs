using ProxylessMesh.Configuration;

namespace ProxylessMesh.Tests.LoadBalancing;

public sealed class BoundedLoadTests
{
    private static readonly RingHashConfig Ring = new(RingHashConfig.DefaultMinSize, RingHashConfig.SizeLimit);

    [Theory]
    [InlineData(100U)]
    [InlineData(125U)]
    [InlineData(200U)]
    public void Pick_OneKeyAlone_FillsUpToTheBoundAndThenOverflows(uint factor)
    {
        const int Endpoints = 5;
        const int Requests = 500;
        var cluster = HashedCluster.Of(Ring with { BalanceFactor = factor }, HashedCluster.Keys(Endpoints));
        var own = cluster.Pick(42);
        for (var i = 1; i <= Requests; i++)
        {
            cluster.Loads[cluster.Pick(42)].ActiveRequests++;

            // An endpoint at its bound may still get one: the bound counts the request that is on its way.
            var bound = Math.Ceiling(Math.Ceiling(i * factor / 100.0) / Endpoints) + 1;
            Assert.All(cluster.Loads, load => Assert.InRange(load.ActiveRequests, 0, bound));
        }

        Assert.Equal(cluster.Loads.Max(static load => load.ActiveRequests), cluster.Loads[own].ActiveRequests);
        Assert.Equal(Requests, cluster.Loads.Sum(static load => load.ActiveRequests));
    }

    [Fact]
    public void Pick_WithinTheBound_StaysWithItsOwn()
    {
        var bounded = HashedCluster.Of(Ring with { BalanceFactor = 150 }, HashedCluster.Keys(10));
        var unbounded = HashedCluster.Of(Ring, HashedCluster.Keys(10));
        foreach (var load in bounded.Loads)
        {
            load.ActiveRequests = 7;
        }

        Assert.All(HashedCluster.Hashes(500, seed: 1), hash => Assert.Equal(unbounded.Pick(hash), bounded.Pick(hash)));
    }

    [Fact]
    public void Pick_OverTheBound_GoesToTheSameOtherForAKeyAndToManyForManyKeys()
    {
        var cluster = HashedCluster.Of(Ring with { BalanceFactor = 100 }, HashedCluster.Keys(10));
        var own = cluster.Pick(42);
        var hashes = HashedCluster.Hashes(5_000, seed: 2).Where(hash => cluster.Pick(hash) == own).ToArray();
        cluster.Loads[own].ActiveRequests = 100;

        var others = hashes.Select(hash => cluster.Pick(hash)).ToArray();

        Assert.Equal(others, hashes.Select(hash => cluster.Pick(hash)));
        Assert.Equal(9, others.Distinct().Count());
        Assert.DoesNotContain(own, others);
    }

    [Fact]
    public void Pick_OthersBackOff_AreNotTurnedTo()
    {
        var cluster = HashedCluster.Of(new MaglevConfig(251) { BalanceFactor = 100 }, HashedCluster.Keys(3));
        var own = cluster.Pick(42);
        cluster.Loads[own].ActiveRequests = 100;
        foreach (var load in cluster.Loads.Where((_, i) => i != own))
        {
            load.IsBackingOff = true;
        }

        Assert.Equal(own, cluster.Pick(42));
    }

    [Fact]
    public void Pick_AllOverTheirBounds_TakesTheLeastSo()
    {
        // Weights 1 and 9: of 101 requests the bounds are 11 and 91 at most; the first has more than twice its bound, the second just over.
        var cluster = HashedCluster.Of(Ring with { BalanceFactor = 100 }, [("a", 1), ("b", 9), ("idle priority", 1)]);
        cluster.Loads[0].ActiveRequests = 30;
        cluster.Loads[1].ActiveRequests = 90;
        cluster.Loads[2].ActiveRequests = 30;

        Assert.All(HashedCluster.Hashes(200, seed: 3), hash => Assert.Equal(1, cluster.Pick(hash)));
    }

    [Fact]
    public void Pick_Overloaded_AllocatesNothing()
    {
        var cluster = HashedCluster.Of(Ring with { BalanceFactor = 100 }, HashedCluster.Keys(10));
        cluster.Loads[cluster.Pick(42)].ActiveRequests = 100;
        cluster.Pick(42);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            cluster.Pick(42);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
