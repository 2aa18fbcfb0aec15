using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Tests.Bootstrap;

public class XdsServerAddressTests
{
    [Theory]
    [InlineData("istiod:15010", "istiod", 15010)]
    [InlineData("127.0.0.1:1", "127.0.0.1", 1)]
    [InlineData("control_plane:65535", "control_plane", 65535)]
    [InlineData("[::1]:15010", "::1", 15010)]
    [InlineData("dns:istiod.istio-system.svc:15010", "istiod.istio-system.svc", 15010)]
    [InlineData("dns:///istiod.istio-system.svc:15010", "istiod.istio-system.svc", 15010)]
    [InlineData("DNS:///[fd00::1]:443", "fd00::1", 443)]
    public void TryParse_HostAndPort_IsRead(string uri, string host, int port)
    {
        Assert.True(XdsServerAddress.TryParse(uri, out var address, out var warning, out _, out _));
        Assert.Equal(new TcpServerAddress(host, port), address);
        Assert.Null(warning);
    }

    [Fact]
    public void TryParse_DnsServerNamed_IsReadWithAWarning()
    {
        Assert.True(XdsServerAddress.TryParse("dns://8.8.8.8/cp:443", out var address, out var warning, out _, out _));
        Assert.Equal(new TcpServerAddress("cp", 443), address);
        Assert.Contains("is ignored", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix:/run/xds.sock", "/run/xds.sock")]
    [InlineData("unix:///etc/istio/proxy/XDS", "/etc/istio/proxy/XDS")]
    [InlineData("unix:///./etc/istio/proxy/XDS", "/etc/istio/proxy/XDS")]
    public void TryParse_UnixSocket_IsRead(string uri, string path)
    {
        Assert.True(XdsServerAddress.TryParse(uri, out var address, out _, out _, out _));
        Assert.Equal(new UnixServerAddress(path), address);
    }

    [Fact]
    public void TryParse_RelativeUnixSocket_StartsAtTheWorkingDirectory()
    {
        Assert.True(XdsServerAddress.TryParse("unix:run/xds.sock", out var address, out _, out _, out _));
        Assert.Equal(new UnixServerAddress(Path.Combine(Environment.CurrentDirectory, "run/xds.sock")), address);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("istiod", "has no port")]
    [InlineData("[::1]", "has no port")]
    [InlineData("istiod:", "has a port")]
    [InlineData("istiod:0", "has a port")]
    [InlineData("istiod:65536", "has a port")]
    [InlineData("istiod:-1", "has a port")]
    [InlineData("istiod:http", "has a port")]
    [InlineData("::1:15010", "more than one colon")]
    [InlineData("[127.0.0.1]:1", "no IPv6 address")]
    [InlineData(":15010", "no valid host name")]
    [InlineData("a b:15010", "no valid host name")]
    [InlineData("user@istiod:15010", "no valid host name")]
    [InlineData("istiod..svc:15010", "no valid host name")]
    [InlineData("dns:///istiod", "has no port")]
    [InlineData("dns://istiod:15010", "no third slash")]
    [InlineData("http://istiod:15010", "is a web address")]
    [InlineData("HTTPS://istiod:15012", "is a web address")]
    [InlineData("xds:///istiod:15012", "a scheme that is not supported")]
    [InlineData("unix:", "has no path")]
    [InlineData("unix:///", "has no path")]
    [InlineData("unix://host/path", "has a host")]
    [InlineData("unix:/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789abc", "longer than 103 bytes")]
    public void TryParse_Wrong_SaysWhy(string uri, string expected)
    {
        Assert.False(XdsServerAddress.TryParse(uri, out var address, out _, out var problem, out var remedy));
        Assert.Null(address);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.Contains("host:port", remedy, StringComparison.Ordinal);
    }
}
