using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Tests.Routing;

/// <summary>The commands in the values of headers to add, and what they say.</summary>
public sealed class HeaderFormatterTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("100%%", "100%")]
    [InlineData("%REQ(X-A)%", "one")]
    [InlineData("%REQ(none?x-a):2%!", "on!")]
    [InlineData("[%REQ(none)%]", "[]")]
    [InlineData("%REQ_WITHOUT_QUERY(:path)%", "/new")]
    [InlineData("%RESP(x-r)%", "r")]
    [InlineData("%PATH()%", "/old?q=1")]
    [InlineData("%PATH(NQ)%", "/old")]
    [InlineData("%PATH(WQ:PATH)%", "/new?q=1")]
    [InlineData("%PROTOCOL%", "HTTP/2")]
    [InlineData("%RESPONSE_CODE%", "201")]
    [InlineData("%ROUTE_NAME%,%VIRTUAL_HOST_NAME%,%VIRTUAL_CLUSTER_NAME%,%UPSTREAM_CLUSTER%", "route,host,-,cluster")]
    [InlineData("%START_TIME%", "2026-03-04T05:06:07.089Z")]
    [InlineData("%START_TIME(%s.%3f)%", "1772600767.089")]
    [InlineData("%START_TIME(%Y/%m/%d %H:%M:%S)%", "2026/03/04 05:06:07")]
    [InlineData("%START_TIME(%FT%T.%f)%", "2026-03-04T05:06:07.089000000")]
    [InlineData("%ENVIRONMENT(PATH)%", "-")]
    [InlineData("%DOWNSTREAM_REMOTE_ADDRESS%", "-")]
    public void Format_Command_SaysWhatEnvoyWouldSay(string text, string expected)
    {
        Assert.True(HeaderFormatParser.TryParse(text, out var format, out var error), error);

        Assert.Equal(expected, HeaderFormatter.Format(format, Context()));
    }

    [Theory]
    [InlineData("%", "written '%%'")]
    [InlineData("50% off", "written '%%'")]
    [InlineData("%REQ(a%", "is not closed")]
    [InlineData("%REQ()%", "is no command")]
    [InlineData("%REQ(a?b?c)%", "is no command")]
    [InlineData("%REQ(a):x%", "must be followed by a length")]
    [InlineData("%PATH(XX)%", "is no command")]
    [InlineData("%START_TIME(%Q)%", "is no command")]
    [InlineData("%NO_SUCH%", "is no command")]
    public void TryParse_WrongCommand_SaysWhy(string text, string expected)
    {
        Assert.False(HeaderFormatParser.TryParse(text, out _, out var error));

        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    private static HeaderFormatContext Context() => new()
    {
        Request = new HeaderList([new(":path", "/new?q=1"), new("x-a", "one"), new("x-a", "two")]),
        Response = new HeaderList([new("x-r", "r")]),
        ResponseCode = 201,
        OriginalPath = "/old?q=1",
        Protocol = "HTTP/2",
        StartTime = new DateTimeOffset(2026, 3, 4, 5, 6, 7, 89, TimeSpan.Zero),
        RouteName = "route",
        VirtualHostName = "host",
        ClusterName = "cluster",
    };
}
