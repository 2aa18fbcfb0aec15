using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.World;

/// <summary>What must hold of endpoints that come from several resources, so that no client rejects them.</summary>
internal static class EndpointChecks
{
    /// <returns>The endpoints without those that repeat an earlier one, which are warned of.</returns>
    public static ImmutableArray<WorkloadEndpoint> Apply(
        ResourceIdentity service,
        ImmutableArray<ServicePort> ports,
        IEnumerable<WorkloadEndpoint> endpoints,
        ProblemCollector problems)
    {
        var seen = new HashSet<(int Port, string Address, int Number)>();
        var kept = ImmutableArray.CreateBuilder<WorkloadEndpoint>();
        foreach (var endpoint in endpoints)
        {
            var keys = ports.Select(port => (port.Number, endpoint.Address, Number: endpoint.PortFor(port) ?? 0)).Where(key => key.Number > 0).ToArray();
            if (keys.Any(seen.Contains))
            {
                problems.Warning(service, endpoint.Source, $"'{endpoint.Address}' is an endpoint of this service already; this one has no effect for it");
                continue;
            }

            seen.UnionWith(keys);
            kept.Add(endpoint);
        }

        // "the sum of the weights must not exceed 2^32-1" - Envoy: LbEndpoint.load_balancing_weight
        if (kept.Sum(endpoint => (long)endpoint.Weight) > uint.MaxValue)
        {
            problems.Error(service, kept[0].Source, $"the weights of this service's endpoints must add up to at most {uint.MaxValue}; divide them all by the same number");
        }

        return kept.ToImmutable();
    }
}
