using System.Collections.Immutable;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>The filters of one listener, from which each of its routes takes its own. Immutable.</summary>
/// <param name="filters">In the order in which they were delivered; the router, which is last, left out.</param>
/// <param name="source">Makes them.</param>
internal sealed class FilterChain(ImmutableArray<HttpFilterConfig> filters, IFilterSource source)
{
    /// <summary>Whether no route can have filters, whatever it says.</summary>
    public bool IsEmpty => filters.IsEmpty;

    /// <param name="route">What filters are told of the route.</param>
    /// <param name="place">Tells the route from every other: what filters have counted is kept by it.</param>
    /// <param name="overrides">What the levels say of the filters, the least specific first.</param>
    /// <returns>The filters that act there, or <see langword="null"/> when none does.</returns>
    public FilterPlan? PlanFor(FilterRoute route, string place, params ReadOnlySpan<FilterOverridesConfig> overrides)
    {
        var acting = ImmutableArray.CreateBuilder<HttpFilter>();
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var filter in filters)
        {
            // The most specific level decides whether it acts; a configuration given there switches on what is off.
            var isDisabled = filter.IsDisabled;
            var configs = ImmutableArray.CreateBuilder<FilterConfig>();
            foreach (var level in overrides)
            {
                if (level.ByName.TryGetValue(filter.Name, out var found))
                {
                    isDisabled = found.IsDisabled;
                    if (found.Config is not null)
                    {
                        configs.Add(found.Config);
                    }
                }
            }

            if (!isDisabled && source.Create(new FilterSetup(filter, configs.ToImmutable(), configs.Count == 0 ? "" : place)) is { } made)
            {
                acting.Add(made);
                names.Add(filter.Name);
            }
        }

        return acting.Count == 0 ? null : new FilterPlan(acting.ToImmutable(), names.ToImmutable(), route);
    }
}

/// <summary>What makes a filter of its configuration.</summary>
internal interface IFilterSource
{
    /// <returns>The filter: the same one again where nothing about it changed; or <see langword="null"/> when it has nothing to do there.</returns>
    HttpFilter? Create(FilterSetup setup);
}

/// <summary>One filter on one part of the routes.</summary>
/// <param name="Filter">As the listener has it.</param>
/// <param name="Overrides">What the levels put in its place, the least specific first.</param>
/// <param name="Place">The part of the routes, where there are overrides; empty for the listener's own filter, which all routes share.</param>
internal sealed record FilterSetup(HttpFilterConfig Filter, ImmutableArray<FilterConfig> Overrides, string Place);
