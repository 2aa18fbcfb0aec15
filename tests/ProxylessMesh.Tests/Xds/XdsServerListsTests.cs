using ProxylessMesh.Bootstrap;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

public sealed class XdsServerListsTests
{
    private static readonly XdsServerConfig One = Server("one:1");
    private static readonly XdsServerConfig Two = Server("two:2");

    private readonly List<XdsServerConfig> _connected = [];

    [Fact]
    public void Get_SameServers_GivesTheSameList()
    {
        var lists = new XdsServerLists(Connect);

        var first = lists.Get([One, Two], fallsBackOnReachabilityOnly: false);
        var second = lists.Get([Server("one:1"), Server("two:2")], fallsBackOnReachabilityOnly: false);

        Assert.Same(first, second);
        Assert.Equal([One, Two], _connected);
    }

    [Fact]
    public void Get_OverlappingLists_ShareTheConnectionOnly()
    {
        var lists = new XdsServerLists(Connect);

        var both = lists.Get([One, Two], fallsBackOnReachabilityOnly: false);
        var turned = lists.Get([Two, One], fallsBackOnReachabilityOnly: false);
        var eager = lists.Get([One, Two], fallsBackOnReachabilityOnly: true);

        Assert.Equal(3, new[] { both, turned, eager }.Distinct().Count());
        Assert.Same(both.Servers[0], turned.Servers[1]);
        Assert.Same(both.Servers[0], eager.Servers[0]);
        Assert.Equal([One, Two], _connected);
    }

    [Fact]
    public void Get_SameServerAskedInAnotherWay_IsAnother()
    {
        var lists = new XdsServerLists(Connect);
        XdsServerConfig[] ways =
        [
            One,
            One with { Features = ["fail_on_data_errors"] },
            One with { Credentials = new TlsCredentialsConfig() },
            One with { Credentials = new TlsCredentialsConfig(), JwtTokenFiles = ["token"] },
        ];

        foreach (var way in ways)
        {
            lists.Get([way], fallsBackOnReachabilityOnly: false);
        }

        Assert.Equal(ways, _connected);
    }

    [Fact]
    public void Equals_FeaturesInAnotherOrder_IsTheSameServer()
        => Assert.Equal(One with { Features = ["a", "b"] }, One with { Features = ["b", "a"] });

    private static XdsServerConfig Server(string uri)
    {
        Assert.True(XdsServerAddress.TryParse(uri, out var address, out _, out _, out _));
        return new XdsServerConfig { ServerUri = uri, Address = address!, Credentials = InsecureCredentialsConfig.Instance };
    }

    private ScriptedTransport Connect(XdsServerConfig config)
    {
        _connected.Add(config);
        return new ScriptedTransport(config.ServerUri);
    }
}
