using System.Collections.Immutable;

namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// The order in which weighted round robin serves its endpoints: one cycle, in which each has as many turns as its weight in
/// lowest terms, spread evenly.
/// </summary>
/// <remarks>
/// This is earliest deadline first (Liu and Layland, 1973; what Envoy's scheduler does on each pick) worked out beforehand. An
/// endpoint of weight w asks for its turns at (k + 1/2) / w of the cycle, k = 0 .. w - 1, and all turns are put in the order of
/// those times. Each endpoint gets exactly w turns, and between two of them no more than the others' fair share.
/// gRFC A58's static stride scheduler keeps no list, but passes over an endpoint whose turn it is not: greatest weight over mean
/// weight steps per pick, hundreds where one gateway stands for a whole network among single instances. With the list a
/// pick takes one step whatever the weights are; the list's length is bounded by scaling great weights down, as A58 does.
/// </remarks>
internal static class RoundRobinSchedule
{
    /// <summary>
    /// Weights that add up to more, in lowest terms, are scaled down to about this sum (16 bits, gRFC A58's precision): an
    /// endpoint's share is then right to 1/65,536 of the traffic, and no endpoint is left out.
    /// </summary>
    public const uint MaxTurns = 65_536;

    /// <param name="weights">Each at least 1.</param>
    /// <returns>One cycle of indices into <paramref name="weights"/>.</returns>
    public static int[] Build(ImmutableArray<uint> weights)
    {
        // 1. How many turns each endpoint gets.
        var turns = InLowestTerms(weights, out var total);

        // 2. The time of each turn.
        var times = new double[total];
        var schedule = new int[total];
        var next = 0;
        for (var endpoint = 0; endpoint < turns.Length; endpoint++)
        {
            for (var turn = 0U; turn < turns[endpoint]; turn++)
            {
                times[next] = (turn + 0.5) / turns[endpoint];
                schedule[next++] = endpoint;
            }
        }

        // 3. In the order of their times. Equal weights stand in order already.
        if (next > turns.Length)
        {
            Array.Sort(times, schedule);
        }

        return schedule;
    }

    private static uint[] InLowestTerms(ImmutableArray<uint> weights, out ulong total)
    {
        var divisor = 0U;
        var sum = 0UL;
        foreach (var weight in weights)
        {
            divisor = GreatestCommonDivisor(weight, divisor);
            sum += weight;
        }

        // A large cluster may have more endpoints than the schedule should have turns; each has one at least.
        var scale = Math.Max(1.0, sum / divisor / (double)MaxTurns);
        var turns = new uint[weights.Length];
        total = 0;
        for (var i = 0; i < turns.Length; i++)
        {
            turns[i] = Math.Max(1, (uint)Math.Round(weights[i] / divisor / scale));
            total += turns[i];
        }

        return turns;
    }

    private static uint GreatestCommonDivisor(uint a, uint b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
