using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>Makes filters, and keeps those in use: what one has counted survives the updates that leave its configuration as it was. Used on the configuration loop only.</summary>
internal sealed class HttpFilters(TimeProvider timeProvider) : IFilterSource
{
    public HttpFilter? Create(FilterSetup setup) => setup.Filter.Config switch
    {
        HeaderMutationFilterConfig => HeaderMutationFilter.Create(setup, timeProvider),
        HeaderToMetadataConfig => HeaderToMetadataFilter.Create(setup),
        _ => null,
    };
}
