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
    [InlineData("xds:///orders", null, "xds:///orders")]
    [InlineData("xds:orders", null, "xds:///orders")]
    [InlineData("xds://partner.example/orders", "partner.example", "xds://partner.example/orders")]
    [InlineData("xds://Partner.Example:1234/orders:8080", "Partner.Example:1234", "xds://Partner.Example:1234/orders:8080")]
    [InlineData("XDS://partner_one/orders", "partner_one", "xds://partner_one/orders")]
    public void Parse_XdsAuthority_IsKeptAsWritten(string address, string? xdsAuthority, string text)
    {
        var target = XdsTarget.Parse(new Uri(address));

        Assert.Equal((xdsAuthority, text), (target!.XdsAuthority, target.Text));
    }

    [Theory]
    [InlineData("orders", null, "orders")]
    [InlineData("orders:8080", null, "orders:8080")]
    [InlineData("xds:///orders", null, "orders")]
    [InlineData("xds://partner.example/orders", "partner.example", "orders")]
    public void TryParseAuthority_ServiceOrTarget_IsTaken(string text, string? xdsAuthority, string authority)
    {
        Assert.True(XdsTarget.TryParseAuthority(text, out var target));

        Assert.Equal((xdsAuthority, authority), (target.XdsAuthority, target.Authority));
    }

    [Theory]
    [InlineData("")]
    [InlineData("orders/path")]
    [InlineData("http://orders")]
    [InlineData("xds://partner.example/")]
    public void TryParseAuthority_NeitherServiceNorTarget_IsNone(string text) => Assert.False(XdsTarget.TryParseAuthority(text, out _));

    [Theory]
    [InlineData("http://orders")]
    [InlineData("https://orders")]
    [InlineData("dns:///orders")]
    public void Parse_AnotherScheme_IsNone(string address) => Assert.Null(XdsTarget.Parse(new Uri(address)));

    [Theory]
    [InlineData("xds:///", "xds:///orders")]
    [InlineData("xds://authority.example", "xds://authority/orders")]
    [InlineData("xds://authority.example/", "xds://authority/orders")]
    [InlineData("xds:///orders/path", "xds:///orders")]
    [InlineData("xds://authority.example/orders/path", "xds://authority/orders")]
    [InlineData("xds:///orders%2Fpath", "xds:///orders")]
    [InlineData("xds:///orders%23x", "xds:///orders")]
    public void Parse_NoService_SaysWhatToWrite(string address, string words)
    {
        var exception = Assert.Throws<ArgumentException>(() => XdsTarget.Parse(new Uri(address)));

        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }
}
