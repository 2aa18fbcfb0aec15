using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.LoadBalancing;

public class LeastRequestPickerTests
{
    private const int Picks = 100_000;

    /// <summary>Six standard deviations of a fair share of 100,000 picks are below 0.01.</summary>
    private const double Tolerance = 0.01;

    private readonly SeededRandomSource _random = new(2);

    [Fact]
    public void Pick_OneEndpoint_PicksIt()
    {
        var picker = new LeastRequestPicker([new EndpointLoad { ActiveRequests = int.MaxValue }], [1], 2);

        Assert.Equal(0, picker.Pick(new PickContext(_random)).Index);
    }

    [Fact]
    public void Pick_FirstDrawIsBusier_TakesTheOther()
    {
        var picker = new LeastRequestPicker([new EndpointLoad { ActiveRequests = 1 }, new EndpointLoad()], [1, 1], 2);

        Assert.Equal(1, picker.Pick(new PickContext(new ScriptedRandom(0, 1))).Index);
        Assert.Equal(1, picker.Pick(new PickContext(new ScriptedRandom(1, 0))).Index);
        Assert.Equal(0, picker.Pick(new PickContext(new ScriptedRandom(0, 0))).Index); // with replacement
    }

    [Fact]
    public void Pick_EqualLoads_TakesTheFirstDrawn()
    {
        var picker = new LeastRequestPicker([.. EndpointLoad.Idle(3)], [1, 1, 1], 3);

        Assert.Equal(2, picker.Pick(new PickContext(new ScriptedRandom(2, 0, 1))).Index);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(5, 5)]
    [InlineData(10, 10)]
    [InlineData(11, 10)]
    [InlineData(int.MaxValue, 10)]
    public void Pick_ChoiceCount_IsTheNumberOfDrawsUpToTen(int choiceCount, int draws)
    {
        var random = new ScriptedRandom(new uint[10]);
        var picker = new LeastRequestPicker([.. EndpointLoad.Idle(3)], [1, 1, 1], choiceCount);

        picker.Pick(new PickContext(random));

        Assert.Equal(draws, random.Draws);
    }

    [Fact]
    public void Pick_IdleCluster_IsUniform()
    {
        var shares = Shares([.. EndpointLoad.Idle(4)], [1, 1, 1, 1]);

        Assert.All(shares, static share => Assert.InRange(share, 0.25 - Tolerance, 0.25 + Tolerance));
    }

    [Fact]
    public void Pick_OneBusyEndpoint_GetsOnlyWhatIsDrawnTwice()
    {
        var loads = EndpointLoad.Idle(4);
        loads[2].ActiveRequests = 100;

        var shares = Shares(loads, [1, 1, 1, 1]);

        Assert.InRange(shares[2], (1.0 / 16) - Tolerance, (1.0 / 16) + Tolerance);
    }

    [Fact]
    public void Pick_IdleClusterOfUnequalWeights_FollowsTheWeights()
    {
        var shares = Shares([.. EndpointLoad.Idle(3)], [1, 2, 5]);

        Assert.InRange(shares[0], 0.125 - Tolerance, 0.125 + Tolerance);
        Assert.InRange(shares[1], 0.25 - Tolerance, 0.25 + Tolerance);
        Assert.InRange(shares[2], 0.625 - Tolerance, 0.625 + Tolerance);
    }

    [Theory]
    [InlineData(3, 1, 1, 4, 0)] // 3 of 4 against 1 of 1: the heavy one is less loaded
    [InlineData(5, 1, 1, 4, 1)]
    [InlineData(int.MaxValue, int.MaxValue, 1, uint.MaxValue - 1, 0)]
    public void Pick_UnequalWeights_ComparesTheLoadPerUnitOfWeight(int heavyLoad, int lightLoad, uint lightWeight, uint heavyWeight, int expected)
    {
        var picker = new LeastRequestPicker(
            [new EndpointLoad { ActiveRequests = heavyLoad }, new EndpointLoad { ActiveRequests = lightLoad }],
            [heavyWeight, lightWeight],
            2);

        Assert.Equal(expected, picker.Pick(new PickContext(new ScriptedRandom(0, heavyWeight))).Index);
        Assert.Equal(expected, picker.Pick(new PickContext(new ScriptedRandom(heavyWeight, 0))).Index);
    }

    [Fact]
    public void Pick_RequestsThatStay_FillUpByWeight()
    {
        var loads = EndpointLoad.Idle(3);
        var picker = new LeastRequestPicker([.. loads], [1, 3, 6], 2);

        for (var i = 0; i < 10_000; i++)
        {
            loads[picker.Pick(new PickContext(_random)).Index].ActiveRequests++;
        }

        Assert.InRange(loads[0].ActiveRequests, 980, 1_020);
        Assert.InRange(loads[1].ActiveRequests, 2_960, 3_040);
        Assert.InRange(loads[2].ActiveRequests, 5_940, 6_060);
    }

    private double[] Shares(EndpointLoad[] loads, uint[] weights)
    {
        var picker = new LeastRequestPicker([.. loads], [.. weights], 2);
        var picked = new int[loads.Length];
        for (var i = 0; i < Picks; i++)
        {
            picked[picker.Pick(new PickContext(_random)).Index]++;
        }

        return [.. picked.Select(static count => (double)count / Picks)];
    }

    private sealed class ScriptedRandom(params uint[] numbers) : IRandomSource
    {
        public int Draws { get; private set; }

        public uint Next(uint exclusiveMax)
        {
            var number = numbers[Draws++];
            Assert.InRange(number, 0U, exclusiveMax - 1);
            return number;
        }

        public double NextDouble() => throw new InvalidOperationException("The script holds whole numbers only.");
    }
}
