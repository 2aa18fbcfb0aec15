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
    /// <param name="previous">The cluster's picker so far: what it was made of is used again where nothing changed.</param>
    public static EndpointPicker Create(
        EndpointsConfig endpoints, LoadBalancerConfig config, IReadOnlyList<IEndpointLoad> loads, IRandomSource random, EndpointPicker? previous = null)
    {
        var populated = endpoints.Localities.Where(static locality => !locality.Endpoints.IsEmpty);
        if (!populated.Any())
        {
            return EmptyPicker.Instance;
        }

        var priority = populated.Min(static locality => locality.Priority);
        return config switch
        {
            HashingConfig hashing => HashingPickerFactory.Create(endpoints, priority, hashing, loads, previous),
            RandomConfig { WeighsLocalities: false } => new RandomPicker(IndicesOf(endpoints, priority)),
            _ => CreateByLocality(endpoints, priority, config, loads, random),
        };
    }

    private static LocalityPicker CreateByLocality(EndpointsConfig endpoints, int priority, LoadBalancerConfig config, IReadOnlyList<IEndpointLoad> loads, IRandomSource random)
    {
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

    /// <summary>Where the endpoints of one priority stand in the list of the whole cluster.</summary>
    private static ImmutableArray<int> IndicesOf(EndpointsConfig endpoints, int priority)
    {
        var indices = ImmutableArray.CreateBuilder<int>();
        var firstIndex = 0;
        foreach (var locality in endpoints.Localities)
        {
            if (locality.Priority == priority)
            {
                indices.AddRange(Enumerable.Range(firstIndex, locality.Endpoints.Length));
            }

            firstIndex += locality.Endpoints.Length;
        }

        return indices.ToImmutable();
    }

    private static EndpointPicker Create(LocalityConfig locality, LoadBalancerConfig config, ImmutableArray<IEndpointLoad> loads, IRandomSource random)
    {
        ImmutableArray<uint> weights = [.. locality.Endpoints.Select(static endpoint => endpoint.Weight)];
        return config switch
        {
            RoundRobinConfig => new RoundRobinPicker(weights, random),
            RandomConfig => new RandomPicker([.. Enumerable.Range(0, weights.Length)]),
            LeastRequestConfig leastRequest => new LeastRequestPicker(loads, weights, leastRequest.ChoiceCount),
            _ => throw new UnreachableException($"There is no picker for {config.GetType().Name}."),
        };
    }
}
