using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Xds;

/// <summary>
/// Makes the lists of control planes that a bootstrap names. A server that is named twice in one way gets one transport, a list that
/// is named twice is one list: its authorities share streams. Lists that only overlap do not, because which servers are asked, and when the
/// next one is, is decided for a list as a whole; they share the connection.
/// </summary>
internal sealed class XdsServerLists(Func<XdsServerConfig, IXdsTransport> connect)
{
    private readonly Dictionary<XdsServerConfig, IXdsTransport> _transports = [];
    private readonly List<(IReadOnlyList<XdsServerConfig> Configs, XdsServerList List)> _lists = [];

    public XdsServerList Get(IReadOnlyList<XdsServerConfig> configs, bool fallsBackOnReachabilityOnly)
    {
        foreach (var (known, list) in _lists)
        {
            if (list.FallsBackOnReachabilityOnly == fallsBackOnReachabilityOnly && known.SequenceEqual(configs))
            {
                return list;
            }
        }

        var added = new XdsServerList([.. configs.Select(GetTransport)], fallsBackOnReachabilityOnly);
        _lists.Add((configs, added));
        return added;
    }

    private IXdsTransport GetTransport(XdsServerConfig config)
    {
        if (!_transports.TryGetValue(config, out var transport))
        {
            transport = connect(config);
            _transports.Add(config, transport);
        }

        return transport;
    }
}
