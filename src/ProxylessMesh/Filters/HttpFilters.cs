using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>
/// Makes filters, and keeps those that route tables have: what one has counted survives the updates that leave its configuration as it was, and
/// goes with the last table that has it. Used on the configuration loop only.
/// </summary>
/// <param name="environment">What filters share.</param>
internal sealed class HttpFilters(FilterEnvironment environment) : IFilterSource
{
    private readonly Dictionary<FilterKey, KeptFilter> _kept = [];
    private readonly Dictionary<HttpFilter, FilterKey> _keys = new(ReferenceEqualityComparer.Instance);

    /// <summary>How many filters are kept.</summary>
    public int Count => _kept.Count;

    public HttpFilter? Create(FilterSetup setup)
    {
        if (setup.Filter.Config is null)
        {
            return null; // known to have no effect in process, whatever routes say of it
        }

        var key = FilterKey.Of(setup);
        if (_kept.TryGetValue(key, out var kept))
        {
            kept.Holders++;
            return kept.Filter;
        }

        if (Make(setup) is not { } made)
        {
            return null;
        }

        _kept.Add(key, new KeptFilter(made));
        _keys.Add(made, key);
        return made;
    }

    public void Release(HttpFilter filter)
    {
        var key = _keys[filter];
        var kept = _kept[key];
        if (--kept.Holders > 0)
        {
            return;
        }

        _kept.Remove(key);
        _keys.Remove(filter);
        filter.Retire(isEnd: false);
    }

    /// <summary>The mesh ends.</summary>
    public void RetireAll()
    {
        foreach (var filter in _keys.Keys)
        {
            filter.Retire(isEnd: true);
        }
    }

    /// <summary>One line for each kind of filter; <see langword="null"/> where its configuration there leaves it nothing to do.</summary>
    private HttpFilter? Make(FilterSetup setup) => setup.Filter.Config switch
    {
        FaultConfig => FaultFilter.Create(setup, environment),
        HeaderMutationFilterConfig => HeaderMutationFilter.Create(setup, environment.TimeProvider),
        HeaderToMetadataConfig => HeaderToMetadataFilter.Create(setup),
        LocalRateLimitConfig => LocalRateLimitFilter.Create(setup, environment),
        GlobalRateLimitConfig => GlobalRateLimitFilter.Create(setup, environment),
        CustomFilterConfig custom => CustomFilter.Create(setup, custom, environment),
        _ => null,
    };

    /// <summary>Tells filters apart: two that are alike in all of this are one.</summary>
    private readonly record struct FilterKey(string Listener, string Name, string Place, string Fingerprint)
    {
        public static FilterKey Of(FilterSetup setup)
        {
            var fingerprint = setup.Filter.Config!.Fingerprint; // the caller has looked
            foreach (var config in setup.Overrides)
            {
                fingerprint = $"{fingerprint}/{config.Fingerprint}";
            }

            return new FilterKey(setup.Listener, setup.Filter.Name, setup.Place, $"{setup.Filter.TypeUrl}/{fingerprint}");
        }
    }

    private sealed class KeptFilter(HttpFilter filter)
    {
        public HttpFilter Filter => filter;

        /// <summary>How many times it was given and not given back.</summary>
        public int Holders { get; set; } = 1;
    }
}
