using ProxylessMesh.Configuration;
using ProxylessMesh.Http;

namespace ProxylessMesh.Tests.Http;

public sealed class LocalityLabelTests
{
    [Theory]
    [InlineData("eu", "eu-1", "a", """{region="eu", zone="eu-1", sub_zone="a"}""")]
    [InlineData("", "eu-1", "", """{region="", zone="eu-1", sub_zone=""}""")]
    [InlineData("", "", "", "")]
    public void Of_Locality_IsInTheFormOfGrpc(string region, string zone, string subZone, string expected)
        => Assert.Equal(expected, LocalityLabel.Of(new LocalityConfig(new Locality(region, zone, subZone), 0, 1, [])));

    [Fact]
    public void Of_NoneKnown_IsEmpty()
        => Assert.Equal(["", ""], [LocalityLabel.Of(null), LocalityLabel.Of(new LocalityConfig(default, 0, 1, []))]);

    [Fact]
    public void Of_SameLocalityAgain_MakesNoOtherString()
    {
        var locality = new LocalityConfig(new Locality("eu", "eu-1", "a"), 0, 1, []);

        Assert.Same(LocalityLabel.Of(locality), LocalityLabel.Of(locality));
    }
}
