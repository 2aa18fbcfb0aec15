using CsCheck;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

public sealed class XdstpNameTests
{
    private const string Listener = "envoy.config.listener.v3.Listener";

    [Theory]
    [InlineData($"xdstp://a/{Listener}/id", "a", $"xdstp://a/{Listener}/id")]
    [InlineData($"xdstp:///{Listener}/id", "", $"xdstp:///{Listener}/id")]
    [InlineData($"xdstp://a/{Listener}/deep/id", "a", $"xdstp://a/{Listener}/deep/id")]
    [InlineData($"xdstp://a/{Listener}/id?z=1&b=2&a=3", "a", $"xdstp://a/{Listener}/id?a=3&b=2&z=1")]
    [InlineData($"xdstp://a/{Listener}/id?a=3&b=2&z=1#alt=x", "a", $"xdstp://a/{Listener}/id?a=3&b=2&z=1")]
    [InlineData($"xdstp://a/{Listener}/%69d", "a", $"xdstp://a/{Listener}/id")]
    [InlineData($"xdstp://a/{Listener}/i%3fd", "a", $"xdstp://a/{Listener}/i%3Fd")]
    [InlineData($"xdstp://a%20b/{Listener}/id", "a b", $"xdstp://a%20b/{Listener}/id")]
    [InlineData($"xdstp://a/{Listener}/id?k=a%26b", "a", $"xdstp://a/{Listener}/id?k=a%26b")]
    [InlineData($"xdstp://a/{Listener}/id?k=1&j=0&k=2", "a", $"xdstp://a/{Listener}/id?j=0&k=2")]
    [InlineData($"xdstp://a/{Listener}/id?k", "a", $"xdstp://a/{Listener}/id?k=")]
    public void TryParse_WellFormed_GivesAuthorityTypeAndOneSpelling(string name, string authority, string text)
    {
        Assert.True(XdstpName.TryParse(name, out var parsed, out _));

        Assert.Equal((authority, Listener, text), (parsed.Authority, parsed.Type, parsed.Text));
        Assert.Equal(text, XdstpName.Canonicalize(name));
        Assert.Equal(text, XdstpName.Canonicalize(text));
    }

    [Theory]
    [InlineData("xdstp:a")]
    [InlineData("xdstp:/a")]
    [InlineData("xdstp://")]
    [InlineData("xdstp://a")]
    [InlineData("xdstp://a/")]
    [InlineData($"xdstp://a/{Listener}")]
    [InlineData($"xdstp://a/{Listener}/")]
    [InlineData("xdstp://a//id")]
    [InlineData($"xdstp://a/{Listener}/?k=v")]
    [InlineData($"xdstp://a/{Listener}/i%d")]
    [InlineData($"xdstp://a/{Listener}/id%")]
    [InlineData($"xdstp://a/{Listener}/id%4")]
    [InlineData($"xdstp://a%/{Listener}/id")]
    [InlineData($"xdstp://a/{Listener}/id?=v")]
    public void TryParse_Malformed_SaysWhy(string name)
    {
        Assert.True(XdstpName.IsXdstp(name));
        Assert.False(XdstpName.TryParse(name, out _, out var problem));

        Assert.NotEqual("", problem);
        Assert.Equal(name, XdstpName.Canonicalize(name));
    }

    [Theory]
    [InlineData("outbound|80||orders.shop.svc.cluster.local")]
    [InlineData("XDSTP://a/b/c")]
    [InlineData("")]
    public void IsXdstp_OtherNames_AreOpaque(string name)
    {
        Assert.False(XdstpName.IsXdstp(name));
        Assert.Equal(name, XdstpName.Canonicalize(name));
    }

    [Fact]
    public void Canonicalize_ParametersInAnyOrder_GivesOneSpelling()
        => Gen.Dictionary(Gen.String[Gen.Char.AlphaNumeric, 1, 4], Gen.String[0, 6])[0, 6].SelectMany(static parameters => Gen.Shuffle(parameters.ToArray()).Select(shuffled => (parameters, shuffled)))
            .Sample(static (parameters, shuffled) => Assert.Equal(XdstpName.Canonicalize(Name(parameters)), XdstpName.Canonicalize(Name(shuffled))));

    [Fact]
    public void Canonicalize_AnyText_IsStableAndNeverThrows()
        => Gen.String.Sample(static text =>
        {
            var canonical = XdstpName.Canonicalize("xdstp://a/t/" + text);
            Assert.Equal(canonical, XdstpName.Canonicalize(canonical));
        });

    private static string Name(IEnumerable<KeyValuePair<string, string>> parameters)
        => $"xdstp://a/{Listener}/id?{string.Join('&', parameters.Select(static parameter => $"{parameter.Key}={Uri.EscapeDataString(parameter.Value)}"))}";
}
