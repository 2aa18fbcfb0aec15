using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Envoy.Config.Cluster.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Clusters of DNS names under load: changes are followed at the refresh rate, and a name that stops resolving keeps its addresses.</summary>
public sealed class DnsClusterTests
{
    private const string Before = "127.0.77.1";
    private const string After = "127.0.77.2";
    private static readonly TimeSpan RefreshRate = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Name_Changes_IsFollowedWithoutAFailedRequestAndTheOldConnectionsClose()
    {
        var clock = new CountingClock();
        var resolver = new TestResolver(Before);
        await using var before = await Backend.StartAsync("before", BackendProtocol.Http1, Before);
        await using var after = await Backend.StartAsync("after", BackendProtocol.Http1, After, before.Port);
        await using var mesh = await MeshFixture.StartAsync(Resources(before.Port), clock, resolver: resolver);
        await using var load = new Load().Http(mesh.Client, new Uri("http://orders/"), workers: 2);
        await load.MoreFromAsync("before", 20);

        resolver.Addresses = [After];
        await RefreshAsync(clock, resolver);
        await load.MoreFromAsync("after", 50);
        await Until.TrueAsync(() => before.OpenConnectionCount == 0);
        await load.StopAsync();

        Assert.Empty(load.Failures);
    }

    [Fact]
    public async Task Name_StopsResolvingForAWhile_KeepsItsAddressesAndFollowsAgain()
    {
        var clock = new CountingClock();
        var resolver = new TestResolver(Before);
        await using var before = await Backend.StartAsync("before", BackendProtocol.Http1, Before);
        await using var after = await Backend.StartAsync("after", BackendProtocol.Http1, After, before.Port);
        await using var mesh = await MeshFixture.StartAsync(Resources(before.Port), clock, resolver: resolver);
        await using var load = new Load().Http(mesh.Client, new Uri("http://orders/"), workers: 2);
        await load.MoreFromAsync("before", 20);
        var connections = before.ConnectionCount;

        resolver.Addresses = [];
        for (var i = 0; i < 3; i++)
        {
            await RefreshAsync(clock, resolver);
            await load.MoreFromAsync("before", 20);
        }

        Assert.Equal(connections, before.ConnectionCount); // an unsuccessful look-up replaces nothing
        resolver.Addresses = [After];
        await RefreshAsync(clock, resolver);
        await load.MoreFromAsync("after", 20);
        await load.StopAsync();

        Assert.Empty(load.Failures);
    }

    [Fact]
    public async Task Name_IsTheSame_KeepsItsConnections()
    {
        var clock = new CountingClock();
        var resolver = new TestResolver(Before);
        await using var backend = await Backend.StartAsync("before", BackendProtocol.Http1, Before);
        await using var mesh = await MeshFixture.StartAsync(Resources(backend.Port), clock, resolver: resolver);
        Assert.Equal("before", await mesh.BackendOfAsync("http://orders/"));

        for (var i = 0; i < 3; i++)
        {
            await RefreshAsync(clock, resolver);
            Assert.Equal("before", await mesh.BackendOfAsync("http://orders/"));
        }

        Assert.Equal(1, backend.ConnectionCount);
    }

    private static IEnumerable<Any> Resources(int port)
    {
        var cluster = new Cluster
        {
            Name = "orders-cluster",
            Type = Cluster.Types.DiscoveryType.StrictDns,
            DnsRefreshRate = Duration.FromTimeSpan(RefreshRate),
            LoadAssignment = XdsResources.LoadAssignment("orders-cluster", ("orders.example", port)),
        };
        return [.. XdsResources.Service("orders").Take(2), Any.Pack(cluster)];
    }

    /// <summary>Lets time pass until the name has been looked up again, and that is dealt with.</summary>
    private static async Task RefreshAsync(CountingClock clock, TestResolver resolver)
    {
        var lookUps = resolver.LookUps;
        await Until.TrueAsync(() =>
        {
            if (resolver.LookUps == lookUps)
            {
                clock.Advance(RefreshRate);
            }

            return resolver.LookUps > lookUps;
        });
    }

    private sealed class TestResolver(params string[] addresses) : IHostResolver
    {
        private readonly ConcurrentQueue<string> _lookUps = new();

        /// <summary>None: the name does not resolve.</summary>
        public string[] Addresses { get; set; } = addresses;

        public int LookUps => _lookUps.Count;

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
        {
            _lookUps.Enqueue(host);
            return Addresses.Length > 0
                ? Task.FromResult(Addresses.Select(IPAddress.Parse).ToArray())
                : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
        }
    }
}
