using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>Draws for shares of requests; all and none need no draw. Stateless.</summary>
internal static class RateLimitDraw
{
    public static bool Takes(FractionConfig share, IRandomSource random)
        => share.Numerator >= share.Denominator || (share.Numerator > 0 && random.Next(share.Denominator) < share.Numerator);
}
