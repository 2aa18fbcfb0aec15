using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Http;

/// <summary>Where the tries of one request went, and so where the next should go (<c>retry_host_predicate</c>, <c>retry_priority</c>). For one picking at a time.</summary>
/// <param name="policy">The retry policy.</param>
internal sealed class RetryTargets(RetryPolicyConfig policy)
{
    private readonly List<EndpointState> _tried = [];

    /// <summary>How often to look for another endpoint than one that is not accepted.</summary>
    public int MaxSelections => policy.MaxHostSelections;

    public void Add(EndpointState? endpoint)
    {
        if (endpoint is not null)
        {
            lock (_tried)
            {
                _tried.Add(endpoint);
            }
        }
    }

    /// <summary>Whether a retry may go there. The first try goes anywhere.</summary>
    public bool Accepts(EndpointState endpoint)
    {
        lock (_tried)
        {
            return _tried.Count == 0 || !((policy.AvoidsPreviousHosts && _tried.Contains(endpoint)) || (policy.OmitsCanaries && endpoint.IsCanary));
        }
    }

    /// <summary>
    /// Picks among the endpoints of the first priority that was not tried yet; all count again once all were. What was tried is looked at after every
    /// <c>update_frequency</c> tries.
    /// </summary>
    /// <returns><see langword="null"/> to leave it to the cluster's own balancer.</returns>
    public EndpointState? PickOfNextPriority(ClusterView view, IRandomSource random)
    {
        if (policy.PreviousPrioritiesFrequency is not { } frequency)
        {
            return null;
        }

        var tried = new HashSet<int>();
        lock (_tried)
        {
            var all = view.Endpoints.Select(static endpoint => endpoint.Locality?.Priority ?? 0).ToHashSet();
            foreach (var endpoint in _tried.Take(_tried.Count / frequency * frequency))
            {
                tried.Add(endpoint.Locality?.Priority ?? 0);
                if (tried.IsSupersetOf(all))
                {
                    tried.Clear();
                }
            }
        }

        if (tried.Count == 0)
        {
            return null;
        }

        var left = view.Endpoints.Where(endpoint => !tried.Contains(endpoint.Locality?.Priority ?? 0)).ToArray();
        var next = left.Length == 0 ? 0 : left.Min(static endpoint => endpoint.Locality?.Priority ?? 0);
        var candidates = left.Where(endpoint => (endpoint.Locality?.Priority ?? 0) == next).ToArray();
        return candidates.Length == 0 ? null : candidates[random.Next((uint)candidates.Length)];
    }
}
