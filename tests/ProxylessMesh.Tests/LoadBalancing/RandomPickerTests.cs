using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.LoadBalancing;

public sealed class RandomPickerTests
{
    private const int Picks = 100_000;

    private readonly SeededRandomSource _random = new(5);

    [Fact]
    public void Pick_UnequalWeights_IsUniform()
    {
        const int Endpoints = 20;
        var counts = Count(false, Endpoints, HashedCluster.Locality(0, 1, [.. Enumerable.Range(0, Endpoints).Select(static i => ("", (uint)i + 1))]));

        // Chi-square of 19 degrees of freedom exceeds 43.8 once in a thousand.
        var expected = (double)Picks / Endpoints;
        Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 0, 43.8);
    }

    [Theory]
    [InlineData(false, 0.25)]
    [InlineData(true, 0.75)]
    public void Pick_SeveralLocalities_WeighsThemOnDemand(bool weighsLocalities, double first)
    {
        // Another priority between them takes no part, but its place in the list.
        var counts = Count(weighsLocalities, 6, HashedCluster.Locality(0, 3, ("", 1)), HashedCluster.Locality(1, 1, ("", 1), ("", 1)), HashedCluster.Locality(0, 1, ("", 1), ("", 9), ("", 1)));

        Assert.Equal([0, 0], counts[1..3]);
        Assert.InRange(counts[0] / (double)Picks, first - 0.01, first + 0.01);
        Assert.All(counts[3..], count => Assert.InRange(count / (double)Picks, ((1 - first) / 3) - 0.01, ((1 - first) / 3) + 0.01));
    }

    private int[] Count(bool weighsLocalities, int endpoints, params LocalityConfig[] localities)
    {
        var picker = EndpointPickerFactory.Create(new EndpointsConfig { ClusterName = "c", Localities = [.. localities] }, new RandomConfig(weighsLocalities), EndpointLoad.Idle(endpoints), _random);
        var counts = new int[endpoints];
        for (var i = 0; i < Picks; i++)
        {
            counts[picker.Pick(new PickContext(_random)).Index]++;
        }

        return counts;
    }
}
