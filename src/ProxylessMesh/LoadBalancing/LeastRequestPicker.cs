using System.Collections.Immutable;

namespace ProxylessMesh.LoadBalancing;

/// <summary>
/// Least request (<c>LEAST_REQUEST</c>, gRFC A48): draws a few endpoints at random, with replacement, and takes the one with
/// the fewest active requests; of equals the one drawn first.
/// </summary>
/// <remarks>
/// Two draws already avoid the busiest endpoints almost surely, without the herd that follows a global minimum (M. Mitzenmacher,
/// "The Power of Two Choices in Randomized Load Balancing", 1996).
/// <para>Where weights differ, endpoints are drawn by weight and active requests are compared per unit of weight. An idle
/// cluster is thus shared out by weight exactly, and a busy one tends to the same load per unit of weight, which is
/// what Envoy's weighted variant (weight / (active + 1), active_request_bias 1) aims at. Envoy needs a
/// scheduler under a lock for it; gRFC A48 knows no weights.</para>
/// </remarks>
internal sealed class LeastRequestPicker : EndpointPicker
{
    /// <summary>More choices than this are not worth their price; gRFC A48 caps them likewise.</summary>
    public const int MaxChoiceCount = 10;

    private readonly ImmutableArray<IEndpointLoad> _loads;
    private readonly ImmutableArray<uint> _weights;
    private readonly WeightedChoice<int>? _byWeight; // null: all weights are equal
    private readonly int _choiceCount;

    /// <param name="loads">The endpoints' loads, at least one.</param>
    /// <param name="weights">The endpoints' weights, each at least 1.</param>
    /// <param name="choiceCount">How many to draw, at least 2 (<c>LeastRequestLbConfig.choice_count</c>).</param>
    public LeastRequestPicker(ImmutableArray<IEndpointLoad> loads, ImmutableArray<uint> weights, int choiceCount)
    {
        _loads = loads;
        _weights = weights;
        _choiceCount = Math.Min(choiceCount, MaxChoiceCount);
        if (weights.AsSpan().ContainsAnyExcept(weights[0]))
        {
            _byWeight = new WeightedChoice<int>([.. Enumerable.Range(0, loads.Length)], weights);
        }
    }

    public override PickResult Pick(in PickContext context)
    {
        if (_loads.Length == 1)
        {
            return new PickResult(0);
        }

        var best = Draw(context.Random);
        var bestLoad = _loads[best].ActiveRequests;
        for (var choice = 1; choice < _choiceCount; choice++)
        {
            var candidate = Draw(context.Random);
            var load = _loads[candidate].ActiveRequests;

            // load / weight < bestLoad / bestWeight, without the division; 31 bits by 32 fit into 64.
            if ((long)load * _weights[best] < (long)bestLoad * _weights[candidate])
            {
                best = candidate;
                bestLoad = load;
            }
        }

        return new PickResult(best);
    }

    private int Draw(IRandomSource random) => _byWeight?.Draw(random) ?? (int)random.Next((uint)_loads.Length);
}
