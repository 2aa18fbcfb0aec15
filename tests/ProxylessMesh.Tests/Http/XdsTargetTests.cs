using ProxylessMesh.Http;

namespace ProxylessMesh.Tests.Http;

public sealed class XdsTargetTests
{
    [Theory]
    [InlineData("xds:///orders", "orders", "http://orders/")]
    [InlineData("xds:///orders:80", "orders:80", "http://orders/")]
    [InlineData("xds:///orders.shop:9090", "orders.shop:9090", "http://orders.shop:9090/")]
    [InlineData("xds:orders", "orders", "http://orders/")]
    public void Parse_XdsUri_KeepsTheAuthorityAsWritten(string address, string authority, string httpAddress)
    {
        var target = XdsTarget.Parse(new Uri(address));

        Assert.Equal((authority, httpAddress), (target!.Authority, target.HttpAddress.AbsoluteUri));
    }

    [Theory]
    [InlineData("http://orders")]
    [InlineData("https://orders")]
    [InlineData("dns:///orders")]
    public void Parse_AnotherScheme_IsNone(string address) => Assert.Null(XdsTarget.Parse(new Uri(address)));

    [Theory]
    [InlineData("xds://authority.example/orders", "authority.example")]
    [InlineData("xds:///", "xds:///orders")]
    [InlineData("xds:///orders/path", "xds:///orders")]
    public void Parse_NoServiceOrAnXdsAuthority_SaysWhatToWrite(string address, string words)
    {
        var exception = Assert.Throws<ArgumentException>(() => XdsTarget.Parse(new Uri(address)));

        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }
}
