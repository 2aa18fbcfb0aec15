using ProxylessMesh.LoadBalancing;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.LoadBalancing;

public class RoundRobinPickerTests
{
    private readonly SeededRandomSource _random = new(1);

    [Fact]
    public void Pick_EqualWeights_GoesRoundInOrder()
    {
        var picks = Picks(new RoundRobinPicker([5, 5, 5], _random), 7);

        for (var i = 1; i < picks.Length; i++)
        {
            Assert.Equal((picks[i - 1] + 1) % 3, picks[i]);
        }
    }

    [Fact]
    public void Pick_OneEndpoint_PicksIt()
    {
        Assert.Equal([0, 0, 0], Picks(new RoundRobinPicker([uint.MaxValue], _random), 3));
    }

    public static TheoryData<uint[], int[]> Weights => new()
    {
        { [1, 2, 3], [1, 2, 3] },
        { [5, 1, 1], [5, 1, 1] },
        { [100, 200, 300], [1, 2, 3] }, // lowest terms
        { [uint.MaxValue, uint.MaxValue], [1, 1] },
        { [2_000_000_000, 4_000_000_000], [1, 2] },
        { [7, 11, 13, 1, 97], [7, 11, 13, 1, 97] },
    };

    [Theory]
    [MemberData(nameof(Weights))]
    public void Pick_UnequalWeights_IsExactOverEveryFullCycle(uint[] weights, int[] turns)
    {
        var picker = new RoundRobinPicker([.. weights], _random);
        Picks(picker, 3); // no cycle begins at a particular place

        for (var cycle = 0; cycle < 3; cycle++)
        {
            Assert.Equal(turns, Count(Picks(picker, turns.Sum()), turns.Length));
        }
    }

    [Fact]
    public void Pick_UnequalWeights_SpreadsTheTurnsOfAnEndpoint()
    {
        var picks = Picks(new RoundRobinPicker([10, 3, 2], _random), 150);

        // At even spacing the gaps would be 1.5, 5 and 7.5.
        Assert.InRange(LongestGap(picks, 0), 2, 3);
        Assert.InRange(LongestGap(picks, 1), 5, 6);
        Assert.InRange(LongestGap(picks, 2), 8, 9);
    }

    [Fact]
    public void Pick_WeightsTooGreatForTheSchedule_StaysWithinTheStatedPrecision()
    {
        var weights = new uint[] { uint.MaxValue, 1, 123_456_789, 3_000_000_000 };
        var schedule = RoundRobinSchedule.Build([.. weights]);

        Assert.InRange(schedule.Length, 1, (int)RoundRobinSchedule.MaxTurns + weights.Length);
        var counts = Count(schedule, weights.Length);
        var total = weights.Sum(static weight => (double)weight);
        for (var i = 0; i < weights.Length; i++)
        {
            Assert.True(counts[i] >= 1);
            Assert.InRange(((double)counts[i] / schedule.Length) - (weights[i] / total), -2.0 / RoundRobinSchedule.MaxTurns, 2.0 / RoundRobinSchedule.MaxTurns);
        }
    }

    [Fact]
    public void Pick_MoreEndpointsThanTurns_LeavesNoneOut()
    {
        var weights = Enumerable.Range(0, 70_000).Select(static i => (uint)(i % 7) + 1).ToArray();

        var counts = Count(RoundRobinSchedule.Build([.. weights]), weights.Length);

        Assert.DoesNotContain(0, counts);
    }

    [Fact]
    public void Pick_ManyPickers_StartAtDifferentEndpoints()
    {
        var starts = Enumerable.Range(0, 100).Select(_ => Picks(new RoundRobinPicker([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], _random), 1)[0]);

        Assert.Equal(10, starts.Distinct().Count());
    }

    [Fact]
    public async Task Pick_ManyThreads_StaysExact()
    {
        const int Threads = 8;
        const int CyclesPerThread = 5_000;
        var picker = new RoundRobinPicker([1, 2, 3], _random);

        var picks = await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() => Picks(picker, 6 * CyclesPerThread)))).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal([Threads * CyclesPerThread, Threads * CyclesPerThread * 2, Threads * CyclesPerThread * 3], Count([.. picks.SelectMany(static p => p)], 3));
    }

    private static int[] Count(int[] picks, int endpoints)
    {
        var counts = new int[endpoints];
        foreach (var pick in picks)
        {
            counts[pick]++;
        }

        return counts;
    }

    private static int LongestGap(int[] picks, int endpoint)
    {
        var places = Enumerable.Range(0, picks.Length).Where(i => picks[i] == endpoint).ToArray();
        return places.Zip(places.Skip(1), static (earlier, later) => later - earlier).Max();
    }

    private int[] Picks(RoundRobinPicker picker, int count)
    {
        var picks = new int[count];
        for (var i = 0; i < count; i++)
        {
            picks[i] = picker.Pick(new PickContext(_random)).Index;
        }

        return picks;
    }
}
