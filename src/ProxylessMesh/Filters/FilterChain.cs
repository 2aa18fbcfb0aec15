using System.Collections.Immutable;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>
/// The filters of one listener, from which each route of one route table takes its own. Used on the configuration loop only: what it has made for
/// a table is given back with the table.
/// </summary>
/// <param name="listener">The listener's name.</param>
/// <param name="filters">In the order in which they were delivered; the router, which is last, left out.</param>
/// <param name="source">Makes them.</param>
internal sealed class FilterChain(string listener, ImmutableArray<HttpFilterConfig> filters, IFilterSource source)
{
    private readonly List<HttpFilter> _made = [];

    /// <summary>Whether any route of the table has a filter.</summary>
    public bool IsUsed => _made.Count > 0;

    /// <summary>Whether no route can have filters, whatever it says.</summary>
    public bool IsEmpty => filters.IsEmpty;

    /// <param name="route">What filters are told of the route.</param>
    /// <param name="levels">What the parts of the routes say of the filters, the least specific first.</param>
    /// <returns>The filters that act there, or <see langword="null"/> when none does.</returns>
    public FilterPlan? PlanFor(FilterRoute route, params ReadOnlySpan<FilterLevel> levels)
    {
        var acting = ImmutableArray.CreateBuilder<HttpFilter>();
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var filter in filters)
        {
            if (SetupOf(filter, levels) is { } setup && source.Create(setup) is { } made)
            {
                _made.Add(made);
                acting.Add(made);
                names.Add(filter.Name);
            }
        }

        return acting.Count == 0 ? null : new FilterPlan(acting.ToImmutable(), names.ToImmutable(), route);
    }

    /// <summary>The table is no longer in use: gives back every filter that was made for it. Harmless when repeated.</summary>
    public void Release()
    {
        _made.ForEach(source.Release);
        _made.Clear();
    }

    /// <returns><see langword="null"/> where the filter is off.</returns>
    private FilterSetup? SetupOf(HttpFilterConfig filter, ReadOnlySpan<FilterLevel> levels)
    {
        // The most specific level decides whether it acts; a configuration given there switches on what is off.
        var isDisabled = filter.IsDisabled;
        var configs = ImmutableArray<FilterConfig>.Empty;
        var place = "";
        foreach (var level in levels)
        {
            if (level.Overrides.ByName.TryGetValue(filter.Name, out var found))
            {
                isDisabled = found.IsDisabled;
                if (found.Config is not null)
                {
                    configs = configs.Add(found.Config);
                    place = level.Place;
                }
            }
        }

        return isDisabled ? null : new FilterSetup(listener, filter, configs, place);
    }
}

/// <summary>What one part of the routes says of the filters.</summary>
/// <param name="Overrides">What it says.</param>
/// <param name="Place">The part, told from every other of its listener.</param>
internal readonly record struct FilterLevel(FilterOverridesConfig Overrides, string Place);
