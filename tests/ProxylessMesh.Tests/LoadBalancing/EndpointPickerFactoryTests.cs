using ProxylessMesh.Configuration;
using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.LoadBalancing;

public class EndpointPickerFactoryTests
{
    private const int Picks = 100_000;

    /// <summary>Six standard deviations of a fair share of 100,000 picks are below 0.01.</summary>
    private const double Tolerance = 0.01;

    private readonly SeededRandomSource _random = new(3);

    public static TheoryData<bool> Policies => [false, true];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Create_NoEndpoints_PicksNone(bool leastRequest)
    {
        Assert.True(Create(leastRequest).Pick(new PickContext(_random)).IsNone);
        Assert.True(Create(leastRequest, Locality(0, 1), Locality(1, 1)).Pick(new PickContext(_random)).IsNone);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Create_OneEndpoint_PicksIt(bool leastRequest)
    {
        var result = Create(leastRequest, Locality(0, 1, 1)).Pick(new PickContext(_random));

        Assert.False(result.IsNone);
        Assert.Equal(0, result.Index);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Create_SeveralPriorities_UsesTheFirstWithEndpoints(bool leastRequest)
    {
        // Flat: priority 2 has 0 and 1, the empty priority 0 nothing, priority 1 has 2 and 3.
        var picker = Create(leastRequest, Locality(2, 1, 1, 1), Locality(0, 1), Locality(1, 1, 1, 1));

        var shares = Shares(picker, 4);

        Assert.Equal([0, 0], shares[..2]);
        Assert.InRange(shares[2], 0.5 - Tolerance, 0.5 + Tolerance);
        Assert.InRange(shares[3], 0.5 - Tolerance, 0.5 + Tolerance);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Create_SeveralLocalities_SharesByTheirWeightsAndThenByTheEndpoints(bool leastRequest)
    {
        // An empty locality and one of another priority take no part, whatever they weigh.
        var picker = Create(leastRequest, Locality(0, 1, 1, 3), Locality(0, 100), Locality(1, 100, 1), Locality(0, 3, 7));

        var shares = Shares(picker, 4);

        Assert.InRange(shares[0], 0.0625 - Tolerance, 0.0625 + Tolerance);
        Assert.InRange(shares[1], 0.1875 - Tolerance, 0.1875 + Tolerance);
        Assert.Equal(0, shares[2]);
        Assert.InRange(shares[3], 0.75 - Tolerance, 0.75 + Tolerance);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Create_GreatestWeights_DoesNotOverflow(bool leastRequest)
    {
        var picker = Create(
            leastRequest,
            Locality(0, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue),
            Locality(0, uint.MaxValue, uint.MaxValue, 1));

        var shares = Shares(picker, 5);

        Assert.All(shares[..3], static share => Assert.InRange(share, (1.0 / 6) - Tolerance, (1.0 / 6) + Tolerance));
        Assert.InRange(shares[3], 0.5 - Tolerance, 0.5 + Tolerance);
        Assert.InRange(shares[4], 0, 0.001);
    }

    [Fact]
    public void Create_LeastRequest_ReadsTheLoadOfTheEndpointItPicks()
    {
        var loads = EndpointLoad.Idle(4);
        loads[0].ActiveRequests = loads[3].ActiveRequests = 50;
        var picker = EndpointPickerFactory.Create(Endpoints(Locality(0, 1, 1, 1), Locality(0, 1, 1, 1)), new LeastRequestConfig(10), loads, _random);

        var shares = Shares(picker, 4);

        Assert.InRange(shares[0] + shares[3], 0, 0.01);
        Assert.InRange(shares[1], 0.5 - Tolerance, 0.5 + Tolerance);
        Assert.InRange(shares[2], 0.5 - Tolerance, 0.5 + Tolerance);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Pick_ManyThreads_StaysProportional(bool leastRequest)
    {
        var picker = Create(leastRequest, Locality(0, 1, 1, 1), Locality(0, 3, 1, 2));

        var shares = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Shares(picker, 4)))).WaitAsync(TimeSpan.FromSeconds(30));

        double[] expected = [0.125, 0.125, 0.25, 0.5];
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.InRange(shares.Average(share => share[i]), expected[i] - Tolerance, expected[i] + Tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Pick_AfterBuild_AllocatesNothing(bool leastRequest)
    {
        var picker = Create(leastRequest, Locality(0, 1, 1, 2), Locality(0, 3, 1, 1, 1));
        var context = new PickContext(_random);
        picker.Pick(in context);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            picker.Pick(in context);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static LocalityConfig Locality(int priority, uint weight, params uint[] endpointWeights) => new(
        new Locality("region", "zone", ""),
        priority,
        weight,
        [.. endpointWeights.Select(static (endpointWeight, i) => new EndpointConfig(EndpointAddress.Tcp("127.0.0.1", 1 + i), endpointWeight))]);

    private static EndpointsConfig Endpoints(params LocalityConfig[] localities) => new() { ClusterName = "cluster", Localities = [.. localities] };

    private EndpointPicker Create(bool leastRequest, params LocalityConfig[] localities)
    {
        LoadBalancerConfig config = leastRequest ? new LeastRequestConfig(LeastRequestConfig.DefaultChoiceCount) : RoundRobinConfig.Instance;
        return EndpointPickerFactory.Create(Endpoints(localities), config, EndpointLoad.Idle(localities.Sum(static locality => locality.Endpoints.Length)), _random);
    }

    private double[] Shares(EndpointPicker picker, int endpoints)
    {
        var picked = new int[endpoints];
        for (var i = 0; i < Picks; i++)
        {
            picked[picker.Pick(new PickContext(_random)).Index]++;
        }

        return [.. picked.Select(static count => (double)count / Picks)];
    }
}
