using System.Collections.Immutable;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>What the requests of one route are counted as. Immutable.</summary>
/// <param name="Route">What the route says.</param>
/// <param name="VirtualHost">What its virtual host says.</param>
/// <param name="IncludesVirtualHost">Whether that counts whatever filters say (<c>include_vh_rate_limits</c>).</param>
/// <param name="Metadata">The route's metadata, as far as it is strings.</param>
internal sealed record RouteRateLimits(ImmutableArray<RateLimitConfig> Route, ImmutableArray<RateLimitConfig> VirtualHost, bool IncludesVirtualHost, RouteMetadataConfig Metadata)
{
    public static readonly RouteRateLimits None = new([], [], IncludesVirtualHost: false, RouteMetadataConfig.None);

    /// <summary>Whether the virtual host's count for a filter.</summary>
    public bool UsesVirtualHost(VirtualHostLimits option) => IncludesVirtualHost || option switch
    {
        VirtualHostLimits.Include => true,
        VirtualHostLimits.Ignore => false,
        _ => Route.IsEmpty,
    };
}
