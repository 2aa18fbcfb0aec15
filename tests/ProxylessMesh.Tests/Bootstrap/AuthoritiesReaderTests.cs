using System.Text;
using Microsoft.Extensions.Configuration;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Tests.Bootstrap;

/// <summary>The <c>authorities</c> of a bootstrap (gRFC A47, A95).</summary>
public sealed class AuthoritiesReaderTests
{
    [Fact]
    public void Read_EmptyAuthority_HasTheDefaultsOfTheSpecification()
    {
        var authority = Read("""{ "xds.authority.com": {} }""").Authorities["xds.authority.com"];

        Assert.Equal("xdstp://xds.authority.com/envoy.config.listener.v3.Listener/%s", authority.ClientListenerTemplate);
        Assert.Empty(authority.Servers);
        Assert.False(authority.FallsBackOnReachabilityOnly);
    }

    [Fact]
    public void Read_FullAuthority_IsTaken()
    {
        var authority = Read("""
            {
              "partner": {
                "client_listener_resource_name_template": "xdstp://partner/envoy.config.listener.v3.Listener/grpc/client/%s?project_id=1234",
                "xds_servers": [
                  { "server_uri": "one:1", "channel_creds": [{ "type": "insecure" }] },
                  { "server_uri": "two:2", "channel_creds": [{ "type": "insecure" }] }
                ],
                "fallback_on_reachability_only": true
              }
            }
            """).Authorities["partner"];

        Assert.Equal("xdstp://partner/envoy.config.listener.v3.Listener/grpc/client/%s?project_id=1234", authority.ClientListenerTemplate);
        Assert.Equal(["one:1", "two:2"], authority.Servers.Select(server => server.ServerUri));
        Assert.True(authority.FallsBackOnReachabilityOnly);
    }

    [Theory]
    [InlineData("""{ "a": [] }""", "$.authorities.a")]
    [InlineData("""{ "a": { "client_listener_resource_name_template": "%s" } }""", "$.authorities.a.client_listener_resource_name_template")]
    [InlineData("""{ "a": { "client_listener_resource_name_template": "xdstp://b/envoy.config.listener.v3.Listener/%s" } }""", "xdstp://a/")]
    [InlineData("""{ "a": { "client_listener_resource_name_template": "xdstp://ab/envoy.config.listener.v3.Listener/%s" } }""", "xdstp://a/")]
    [InlineData("""{ "a": { "xds_servers": [{ "server_uri": "cp" }] } }""", "$.authorities.a.xds_servers[0].server_uri")]
    [InlineData("""{ "a": { "xds_servers": [{ "server_uri": "cp:1" }] } }""", "$.authorities.a.xds_servers[0].channel_creds")]
    [InlineData("""{ "a": { "fallback_on_reachability_only": "true" } }""", "$.authorities.a.fallback_on_reachability_only")]
    public void Read_WrongAuthority_NamesTheField(string authorities, string words)
    {
        var exception = Assert.Throws<MeshBootstrapException>(() => Read(authorities));

        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xdstp://a/envoy.config.listener.v3.Listener/%s", 0)]
    [InlineData("xdstp://b/envoy.config.listener.v3.Listener/%s", 1)]
    [InlineData("listeners/%s", 0)]
    public void Read_DefaultTemplateOfAnUnknownAuthority_IsWarnedOf(string template, int warnings)
    {
        var config = BootstrapReader.Read(
            Encoding.UTF8.GetBytes($$"""
                {
                  "xds_servers": [{ "server_uri": "cp:1", "channel_creds": [{ "type": "insecure" }] }],
                  "client_default_listener_resource_name_template": "{{template}}",
                  "authorities": { "a": {} }
                }
                """),
            "test");

        Assert.Equal(warnings, config.Warnings.Length);
    }

    [Fact]
    public void Load_AuthoritiesInTheConfigurationSection_AreThoseOfTheJson()
    {
        var configuration = new ConfigurationBuilder().AddJsonStream(new MemoryStream("""
            {
              "Mesh": {
                "xds_servers": [{ "server_uri": "cp:1", "channel_creds": [{ "type": "insecure" }] }],
                "authorities": { "plain": {}, "eager": { "fallback_on_reachability_only": true } }
              }
            }
            """u8.ToArray())).Build();

        var config = BootstrapLoader.Load(static _ => null, configuration);

        Assert.Equal(["eager", "plain"], config!.Authorities.Keys.Order());
        Assert.True(config.Authorities["eager"].FallsBackOnReachabilityOnly);
        Assert.False(config.Authorities["plain"].FallsBackOnReachabilityOnly);
    }

    private static BootstrapConfig Read(string authorities) => BootstrapReader.Read(
        Encoding.UTF8.GetBytes($$"""{ "xds_servers": [{ "server_uri": "cp:1", "channel_creds": [{ "type": "insecure" }] }], "authorities": {{authorities}} }"""),
        "test");
}
