using System.Collections.Immutable;

namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// Weighted round robin (<c>ROUND_ROBIN</c>). Lock-free: a pick is one atomic increment and a look into a schedule made when the
/// picker was built. It starts at a random place, so that many clients of one cluster do not march in step.
/// </summary>
internal sealed class RoundRobinPicker : EndpointPicker
{
    private readonly int[] _schedule;

    /// <summary>The number of the next turn; 64 bits, which no process lives to wrap round.</summary>
    private ulong _turn;

    /// <param name="weights">The endpoints' weights, at least one endpoint and each weight at least 1.</param>
    /// <param name="random">Gives the place to start.</param>
    public RoundRobinPicker(ImmutableArray<uint> weights, IRandomSource random)
    {
        _schedule = RoundRobinSchedule.Build(weights);
        _turn = random.Next((uint)_schedule.Length);
    }

    public override PickResult Pick(in PickContext context)
    {
        var turn = Interlocked.Increment(ref _turn) - 1;
        return new PickResult(_schedule[turn % (ulong)_schedule.Length]);
    }
}
