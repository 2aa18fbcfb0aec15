using System.Collections.Immutable;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>One filter on one part of the routes.</summary>
/// <param name="Listener">The name of its listener.</param>
/// <param name="Filter">As the listener has it.</param>
/// <param name="Overrides">What the levels put in its place, the least specific first.</param>
/// <param name="Place">The part of the routes that the most specific of them is given for; empty for the listener's own filter, which all routes share.</param>
internal sealed record FilterSetup(string Listener, HttpFilterConfig Filter, ImmutableArray<FilterConfig> Overrides, string Place)
{
    /// <summary>The most specific configuration of a kind: it takes the place of all others wholly (gRFC A39).</summary>
    public T? Find<T>()
        where T : FilterConfig
    {
        for (var i = Overrides.Length - 1; i >= 0; i--)
        {
            if (Overrides[i] is T found)
            {
                return found;
            }
        }

        return Filter.Config as T;
    }
}

/// <summary>What makes a filter of its configuration.</summary>
internal interface IFilterSource
{
    /// <returns>
    /// The filter, to be given back by <see cref="Release"/>: the same one again where nothing about it changed; or <see langword="null"/> when it
    /// has nothing to do there.
    /// </returns>
    HttpFilter? Create(FilterSetup setup);

    /// <summary>Gives back what one call of <see cref="Create"/> gave.</summary>
    void Release(HttpFilter filter);
}
