using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Tests.Bootstrap;

public sealed class ListenerNameTemplateTests
{
    [Theory]
    [InlineData("%s", "orders:8080", "orders:8080")]
    [InlineData("%s", "[::1]:80", "[::1]:80")]
    [InlineData("listeners/%s?x", "a b", "listeners/a b?x")]
    [InlineData("fixed", "orders", "fixed")]
    [InlineData("xdstp://a/L/%s", "orders:8080", "xdstp://a/L/orders:8080")]
    [InlineData("xdstp://a/L/%s", "[::1]:80", "xdstp://a/L/%5B::1%5D:80")]
    [InlineData("xdstp://a/L/%s?p=1", "x?q=2#f", "xdstp://a/L/x%3Fq=2%23f?p=1")]
    [InlineData("xdstp://a/L/%s", "100%", "xdstp://a/L/100%25")]
    [InlineData("xdstp://a/L/%s", "evil/../x", "xdstp://a/L/evil/../x")] // "which includes '/'"; dot segments mean nothing in a name
    [InlineData("xdstp://a/L/%s", "größe", "xdstp://a/L/gr%C3%B6%C3%9Fe")]
    public void Expand_PutsInTheService_EncodedWhereTheNameIsAUri(string template, string called, string expected)
        => Assert.Equal(expected, ListenerNameTemplate.Expand(template, called));

    [Theory]
    [InlineData("xds.authority.com", "xdstp://xds.authority.com/envoy.config.listener.v3.Listener/%s")]
    [InlineData("", "xdstp:///envoy.config.listener.v3.Listener/%s")]
    [InlineData("evil/../x", "xdstp://evil%2F..%2Fx/envoy.config.listener.v3.Listener/%s")]
    [InlineData("a b", "xdstp://a%20b/envoy.config.listener.v3.Listener/%s")]
    public void DefaultOf_Authority_IsThatOfTheSpecification(string authority, string expected)
        => Assert.Equal(expected, ListenerNameTemplate.DefaultOf(authority));
}
