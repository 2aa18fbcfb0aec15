using System.Net;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>
/// Headers that concern one connection (RFC 9110, section 7.6.1). The caller's next hop is the endpoint itself: over HTTP/1.1 they mean that
/// connection, and HTTP/2 has none of them (RFC 9113, section 8.2.2).
/// </summary>
public sealed class HopByHopTests
{
    [Theory]
    [InlineData("Connection", "close")]
    [InlineData("Connection", "upgrade")]
    [InlineData("Upgrade", "h2c")]
    [InlineData("Proxy-Connection", "keep-alive")]
    [InlineData("TE", "gzip")]
    public async Task Send_Http2_ConnectionHeadersDoNotReachTheServer(string name, string value)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var request = Request(HttpVersion.Version20);
        Assert.True(request.Headers.TryAddWithoutValidation(name, value));

        using var response = await mesh.Client.SendAsync(request);

        response.EnsureSuccessStatusCode();
        Assert.DoesNotContain(name, backend.LastRequest!.Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Send_Http2_TrailersReachTheServer()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var request = Request(HttpVersion.Version20);
        request.Headers.Add("TE", "trailers");

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal("trailers", backend.LastRequest!.Headers["te"]);
    }

    [Fact]
    public async Task Send_Http1ConnectionClose_ClosesTheEndpointsConnection()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var request = Request(HttpVersion.Version11);
        request.Headers.ConnectionClose = true;

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal("close", backend.LastRequest!.Headers["connection"]);
        await Until.TrueAsync(() => backend.OpenConnectionCount == 0, "the connection is closed");
    }

    private static HttpRequestMessage Request(Version version) => new(HttpMethod.Get, "http://orders/") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
}
