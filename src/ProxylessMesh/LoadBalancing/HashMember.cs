using System.Collections.Immutable;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.LoadBalancing;

/// <summary>One endpoint as a ring or table of hashes sees it. All that such a structure is made of, so that equal members make an equal one.</summary>
/// <param name="Key">What stands for the endpoint.</param>
/// <param name="Share">Its share of all weight, in (0, 1]; the shares of all members add up to 1.</param>
/// <param name="Index">Its place in the list of the cluster's endpoints.</param>
internal readonly record struct HashMember(string Key, double Share, int Index)
{
    /// <summary>The endpoints of one priority, in the order given.</summary>
    /// <param name="endpoints">The cluster's endpoints.</param>
    /// <param name="priority">A priority that has endpoints.</param>
    /// <param name="config">Says what stands for an endpoint, and whether localities are weighted.</param>
    public static ImmutableArray<HashMember> Of(EndpointsConfig endpoints, int priority, HashingConfig config)
    {
        var localities = endpoints.Localities.Where(locality => locality.Priority == priority && !locality.Endpoints.IsEmpty);
        var localityTotal = localities.Sum(static locality => (double)locality.Weight);
        var endpointTotal = localities.Sum(static locality => WeightOf(locality));
        var members = ImmutableArray.CreateBuilder<HashMember>();
        var index = 0;
        foreach (var locality in endpoints.Localities)
        {
            if (locality.Priority != priority)
            {
                index += locality.Endpoints.Length;
                continue;
            }

            // Weighted localities: the locality's share, and of that the endpoint's (gRFC A113, Envoy's locality_weighted_lb_config).
            var localityShare = config.WeighsLocalities ? locality.Weight / localityTotal : 1;
            var total = config.WeighsLocalities ? WeightOf(locality) : endpointTotal;
            foreach (var endpoint in locality.Endpoints)
            {
                members.Add(new HashMember(KeyOf(endpoint, config), localityShare * (endpoint.Weight / total), index));
                index++;
            }
        }

        return members.ToImmutable();
    }

    private static double WeightOf(LocalityConfig locality) => locality.Endpoints.Sum(static endpoint => (double)endpoint.Weight);

    private static string KeyOf(EndpointConfig endpoint, HashingConfig config)
        => endpoint.HashKey
            ?? (config.UsesHostname && endpoint.Hostname is { Length: > 0 } hostname
                ? hostname
                : endpoint.Address.IsUnixSocket ? endpoint.Address.Host : endpoint.Address.ToString());
}
