using System.Text;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Tests.Bootstrap;

/// <summary><c>call_creds</c> (gRFC A97) and <c>server_features</c> (gRFC A88) of a server.</summary>
public sealed class CallCredentialsReaderTests
{
    [Fact]
    public void Read_SupportedAndOtherTypes_UsesAllThatAreSupported()
    {
        var server = Read("""
            "channel_creds": [{ "type": "tls" }],
            "call_creds": [{ "type": "other", "config": 3 }, { "type": "jwt_token_file", "config": { "jwt_token_file": "/a" } }, { "type": "jwt_token_file", "config": { "jwt_token_file": "/b" } }]
            """).Servers[0];

        Assert.Equal(["/a", "/b"], server.JwtTokenFiles.ToArray());
    }

    [Fact]
    public void Read_Absent_MeansNone()
        => Assert.Empty(Read("""  "channel_creds": [{ "type": "tls" }] """).Servers[0].JwtTokenFiles);

    [Fact]
    public void Read_OverPlaintext_HasNoEffectAndSaysSo()
    {
        var config = Read("""
            "channel_creds": [{ "type": "insecure" }], "call_creds": [{ "type": "jwt_token_file", "config": { "jwt_token_file": "/a" } }]
            """);

        Assert.Empty(config.Servers[0].JwtTokenFiles);
        Assert.StartsWith("$.xds_servers[0].call_creds has no effect", Assert.Single(config.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "", "is not an array")]
    [InlineData("[3]", "[0]", "is not an object")]
    [InlineData("[{}]", "[0].type", "is missing")]
    [InlineData("""[{ "type": "jwt_token_file" }]""", "[0].config", "is missing")]
    [InlineData("""[{ "type": "jwt_token_file", "config": [] }]""", "[0].config", "is not an object")]
    [InlineData("""[{ "type": "jwt_token_file", "config": {} }]""", "[0].config.jwt_token_file", "is missing")]
    [InlineData("""[{ "type": "jwt_token_file", "config": { "jwt_token_file": "" } }]""", "[0].config.jwt_token_file", "is empty")]
    [InlineData("""[{ "type": "jwt_token_file", "config": { "jwt_token_file": 1 } }]""", "[0].config.jwt_token_file", "is not a string")]
    public void Read_WrongShape_NamesPathAndProblem(string credentials, string path, string problem)
    {
        var error = Assert.Throws<MeshBootstrapException>(() => Read($$""" "channel_creds": [{ "type": "tls" }], "call_creds": {{credentials}} """));

        Assert.Equal("$.xds_servers[0].call_creds" + path, error.JsonPath);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["xds_v3"]""", false, false)]
    [InlineData("""["ignore_resource_deletion"]""", false, false)]
    [InlineData("""["ignore_resource_deletion", "fail_on_data_errors"]""", true, false)]
    [InlineData("""["resource_timer_is_transient_error"]""", false, true)]
    public void Read_ServerFeatures_AreKnownByName(string features, bool failsOnDataErrors, bool isTimerTransient)
    {
        var server = Read($$""" "channel_creds": [{ "type": "insecure" }], "server_features": {{features}} """).Servers[0];

        Assert.Equal((failsOnDataErrors, isTimerTransient), (server.FailsOnDataErrors, server.IsResourceTimerTransient));
    }

    private static BootstrapConfig Read(string server)
        => BootstrapReader.Read(Encoding.UTF8.GetBytes($$"""{ "xds_servers": [{ "server_uri": "cp:1", {{server}} }] }"""), "test");
}
