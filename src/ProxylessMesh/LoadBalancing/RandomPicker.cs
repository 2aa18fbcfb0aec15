using System.Collections.Immutable;

namespace ProxylessMesh.LoadBalancing;

/// <summary>Any endpoint with equal chance (<c>RANDOM</c>). Weights do not count, as in Envoy.</summary>
/// <param name="endpoints">The endpoints' places in the list, at least one.</param>
internal sealed class RandomPicker(ImmutableArray<int> endpoints) : EndpointPicker
{
    public override PickResult Pick(in PickContext context) => new(endpoints[(int)context.Random.Next((uint)endpoints.Length)]);
}
