using System.Collections.Immutable;
using System.Diagnostics;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.LoadBalancing;

/// <summary>Makes the picker of a cluster: the localities of its first usable priority, and in each the cluster's policy.</summary>
internal static class EndpointPickerFactory
{
    /// <param name="endpoints">The cluster's endpoints.</param>
    /// <param name="config">The cluster's policy.</param>
    /// <param name="loads">The load of each endpoint, in the order in which localities and endpoints stand in <paramref name="endpoints"/>; a pick is an index into this list.</param>
    /// <param name="random">Gives each round robin its place to start.</param>
    public static EndpointPicker Create(EndpointsConfig endpoints, LoadBalancerConfig config, IReadOnlyList<IEndpointLoad> loads, IRandomSource random)
    {
        var populated = endpoints.Localities.Where(static locality => !locality.Endpoints.IsEmpty);
        if (!populated.Any())
        {
            return EmptyPicker.Instance;
        }

        var priority = populated.Min(static locality => locality.Priority);
        var children = ImmutableArray.CreateBuilder<LocalityChild>();
        var weights = ImmutableArray.CreateBuilder<uint>();
        var firstIndex = 0;
        foreach (var locality in endpoints.Localities)
        {
            if (locality.Priority == priority && !locality.Endpoints.IsEmpty)
            {
                var localityLoads = loads.Skip(firstIndex).Take(locality.Endpoints.Length).ToImmutableArray();
                children.Add(new LocalityChild(Create(locality, config, localityLoads, random), firstIndex));
                weights.Add(locality.Weight);
            }

            firstIndex += locality.Endpoints.Length;
        }

        Debug.Assert(loads.Count == firstIndex, "Every endpoint has a load.");
        return new LocalityPicker(new WeightedChoice<LocalityChild>(children.ToImmutable(), weights.ToImmutable()));
    }

    private static EndpointPicker Create(LocalityConfig locality, LoadBalancerConfig config, ImmutableArray<IEndpointLoad> loads, IRandomSource random)
    {
        ImmutableArray<uint> weights = [.. locality.Endpoints.Select(static endpoint => endpoint.Weight)];
        return config switch
        {
            RoundRobinConfig => new RoundRobinPicker(weights, random),
            LeastRequestConfig leastRequest => new LeastRequestPicker(loads, weights, leastRequest.ChoiceCount),
            _ => throw new UnreachableException($"There is no picker for {config.GetType().Name}."),
        };
    }
}
