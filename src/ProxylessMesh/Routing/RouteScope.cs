using ProxylessMesh.Configuration;

namespace ProxylessMesh.Routing;

/// <summary>What routes inherit from where they stand.</summary>
internal sealed record RouteScope(HeaderMutationsConfig Routes, HeaderMutationsConfig VirtualHost, bool MostSpecificHeadersWin)
{
    public static readonly RouteScope None = new(HeaderMutationsConfig.None, HeaderMutationsConfig.None, MostSpecificHeadersWin: false);

    /// <param name="own">The levels below the virtual host, the most specific first.</param>
    public HeaderMutations Mutations(params IEnumerable<HeaderMutationsConfig> own) => HeaderMutations.Build(MostSpecificHeadersWin, [.. own, VirtualHost, Routes]);
}
