namespace ProxylessMesh.Xds;

/// <summary>
/// The control planes that are asked for a part of all names. Authorities that name the same ones share one list, and with it their
/// streams (gRFC A47).
/// </summary>
/// <param name="servers">In order of preference, at least one (gRFC A71).</param>
/// <param name="fallsBackOnReachabilityOnly">gRFC A95: the next one is asked as soon as one cannot be reached, also when nothing is missing.</param>
internal sealed class XdsServerList(IReadOnlyList<IXdsTransport> servers, bool fallsBackOnReachabilityOnly)
{
    public IReadOnlyList<IXdsTransport> Servers { get; } = servers;

    public bool FallsBackOnReachabilityOnly { get; } = fallsBackOnReachabilityOnly;
}
