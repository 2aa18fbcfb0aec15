using System.Globalization;
using System.Net;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Http;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Clusters that requests name, and clusters that do not exist, over real sockets.</summary>
public sealed class ClusterHeaderTests
{
    private const string ByHeader = """ "clusterHeader": "x-cluster" """;

    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData(ByHeader)]
    [InlineData(""" "weightedClusters": {"clusters": [{"clusterHeader": "x-cluster", "weight": 1}]} """)]
    public async Task Send_HeaderNamesACluster_ItIsAskedForAndUsed(string fields)
    {
        await using var first = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var second = await Backend.StartAsync("b2", BackendProtocol.Http1);
        await using var mesh = await StartAsync(fields, first, second);

        Assert.Equal("b1", await mesh.SendAsync("c1"));
        Assert.Equal("b2", await mesh.SendAsync("c2"));
        Assert.Equal("b1", await mesh.SendAsync("c1"));
    }

    /// <summary>Each row: the header, the code of the route, and the statuses of HTTP and gRPC.</summary>
    public static TheoryData<string?, string, HttpStatusCode, StatusCode> Missing => new()
    {
        { null, "SERVICE_UNAVAILABLE", HttpStatusCode.ServiceUnavailable, StatusCode.Unavailable },
        { null, "NOT_FOUND", HttpStatusCode.NotFound, StatusCode.Unimplemented },
        { "*", "INTERNAL_SERVER_ERROR", HttpStatusCode.InternalServerError, StatusCode.Unknown },
        { new string('a', 2000), "NOT_FOUND", HttpStatusCode.NotFound, StatusCode.Unimplemented },
    };

    [Theory]
    [MemberData(nameof(Missing))]
    public async Task Send_NoClusterNamed_IsAnsweredByTheRoutesCode(string? name, string code, HttpStatusCode http, StatusCode grpc)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync($""" {ByHeader}, "clusterNotFoundResponseCode": "{code}" """, backend);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using var response = await mesh.RequestAsync(name);
        var exception = await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(new EchoRequest(), name is null ? [] : new Metadata { { "x-cluster", name } }));

        Assert.Equal(http, response.StatusCode);
        Assert.Contains("cluster_header", response.ReasonPhrase, StringComparison.Ordinal);
        Assert.Equal("yes", response.Headers.GetValues("x-routed").Single());
        Assert.Equal(grpc, exception.StatusCode);
        Assert.Equal(0, mesh.Mesh.Runtime.Pipeline!.OnDemand.Count);
    }

    [Theory]
    [InlineData(ByHeader)]
    [InlineData(""" "cluster": "nosuch" """)]
    public async Task Send_ClusterKnownToBeAbsent_IsAnsweredByTheRoutesCode(string fields)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync($""" {fields}, "timeout": "0s", "clusterNotFoundResponseCode": "NOT_FOUND" """, backend);

        // The control plane never answers for it: only its silence for 15 s says that it does not exist.
        var sending = mesh.RequestAsync("nosuch");
        var stream = await mesh.StreamAsync();
        while (!(await stream.NextRequestAsync(ResourceTypes.Cluster)).ResourceNames.Contains("nosuch"))
        {
        }

        var isEarly = sending.IsCompleted;
        await Until.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            return sending.IsCompleted;
        });
        using var response = await sending;

        Assert.False(isEarly);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("nosuch", response.ReasonPhrase, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_ClusterNamedNoMore_IsLetGo()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(ByHeader, backend);
        await mesh.SendAsync("c1");

        _clock.Advance(OnDemandClusters.IdleTime + TimeSpan.FromMinutes(2));
        await Until.TrueAsync(() => mesh.Mesh.Runtime.Pipeline!.OnDemand.Count == 0);
        await Until.TrueAsync(() => !mesh.Mesh.Runtime.Snapshot.Clusters.ContainsKey("c1"));

        Assert.Equal("b1", await mesh.SendAsync("c1"));
        await Until.TrueAsync(() => backend.OpenConnectionCount == 1, "the connection of the first request is closed");
    }

    [Fact]
    public async Task Send_MoreNamesThanAreKept_TheNumberIsBoundedAndTheKnownOneStays()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(ByHeader, backend);
        await mesh.SendAsync("c1");
        var clusters = mesh.Mesh.Runtime.Pipeline!.OnDemand;

        for (var i = 0; i < OnDemandClusters.Capacity + 100; i++)
        {
            Assert.NotNull(clusters.Find(string.Create(CultureInfo.InvariantCulture, $"invented-{i}")));
        }

        Assert.Equal(OnDemandClusters.Capacity, clusters.Count);
        Assert.Equal("b1", await mesh.SendAsync("c1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("a\u0001b")]
    [InlineData("a\ud800b")]
    public async Task Find_NoName_IsNotAskedFor(string name)
    {
        await using var mesh = await MeshFixture.StartAsync(_clock, []);
        await mesh.Mesh.Runtime.StartAsync(CancellationToken.None);

        Assert.Null(mesh.Mesh.Runtime.Pipeline!.OnDemand.Find(name));
    }

    private async Task<MeshFixture> StartAsync(string fields, params Backend[] backends)
    {
        var routes = $$"""
            {"name": "routes", "virtualHosts": [{"name": "orders", "domains": ["*"], "routes": [{"name": "r1", "match": {"prefix": "/"}, "route": { {{fields}} } ,
             "responseHeadersToAdd": [{"header": {"key": "x-routed", "value": "yes"} }]}]}]}
            """;
        var clusters = backends.SelectMany(static (backend, i) => new[] { XdsResources.Cluster($"c{i + 1}"), XdsResources.Endpoints($"c{i + 1}", backend) });
        return await MeshFixture.StartAsync(_clock, [Listeners.Of("orders", routes), .. clusters]);
    }
}

/// <summary>Requests that name their cluster.</summary>
internal static class ClusterHeaderRequests
{
    public static async Task<HttpResponseMessage> RequestAsync(this MeshFixture mesh, string? cluster)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        if (cluster is not null)
        {
            request.Headers.Add("x-cluster", cluster);
        }

        return await mesh.Client.SendAsync(request);
    }

    /// <summary>The backend that answers.</summary>
    public static async Task<string> SendAsync(this MeshFixture mesh, string cluster)
    {
        using var response = await mesh.RequestAsync(cluster);
        response.EnsureSuccessStatusCode();
        return response.Headers.GetValues("x-backend").Single();
    }
}
