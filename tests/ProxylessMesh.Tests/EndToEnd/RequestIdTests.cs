using ProxylessMesh.Tests.Filters;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Which x-request-id a request bears.</summary>
public sealed class RequestIdTests
{
    private const string Routes = """ "virtualHosts": [{"name": "h", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s"} }]}] """;

    /// <summary>Each row: what the listener says, the caller's own header, what flows, and what the server sees; * is a new UUID.</summary>
    [Theory]
    [InlineData(null, null, null, "-")]
    [InlineData(true, null, null, "*")]
    [InlineData(false, null, null, "-")]
    [InlineData(true, "mine", null, "mine")]
    [InlineData(true, null, "flow 1", "flow 1")]
    [InlineData(null, null, "flow 1", "flow 1")]
    [InlineData(null, "mine", "flow 1", "mine")]
    public async Task Send_RequestId_IsTheCallersOrTheFlowsOrNew(bool? generates, string? own, string? flowing, string expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var listener = FilterMesh.Listener("", Routes, generates is null ? "" : $$""" "generateRequestId": {{(generates.Value ? "true" : "false")}}, """);
        await using var mesh = await MeshFixture.StartAsync([listener, XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend)]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        if (own is not null)
        {
            request.Headers.Add("x-request-id", own);
        }

        MeshRequestId.Current = flowing;
        using var response = await mesh.Client.SendAsync(request);

        var seen = backend.LastRequest!.Headers.GetValueOrDefault("x-request-id", "-");
        Assert.Equal(expected, expected == "*" && Guid.TryParseExact(seen, "D", out _) ? "*" : seen);
        Assert.Equal(own is not null, request.Headers.Contains("x-request-id"));
    }

    [Fact]
    public async Task Current_SetInAFlow_DoesNotLeaveIt()
    {
        await Task.Run(() => MeshRequestId.Current = "inner");

        Assert.Null(MeshRequestId.Current);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\r\nb: c")]
    [InlineData("ü")]
    public void Current_NoHeaderValue_IsRefused(string value) => Assert.Throws<ArgumentException>(() => MeshRequestId.Current = value);
}
