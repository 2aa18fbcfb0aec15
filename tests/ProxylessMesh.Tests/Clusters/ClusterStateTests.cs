using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Tests.Clusters;

public sealed class ClusterStateTests : IAsyncDisposable
{
    private readonly CountingClock _clock = new();
    private readonly ConfigurationLoop _loop = new(NullLogger.Instance);
    private readonly ScriptedResolver _resolver = new();

    [Fact]
    public async Task Apply_EndpointsChange_KeepsThoseThatStayAndRetiresTheOthers()
    {
        var cluster = Cluster();
        await ApplyAsync(cluster, Snapshot(Eds(), Endpoints("10.0.0.1", "10.0.0.2")));
        var before = cluster.View.Endpoints;

        await ApplyAsync(cluster, Snapshot(Eds(), Endpoints("10.0.0.2", "10.0.0.3")));

        var after = cluster.View.Endpoints;
        Assert.Equal(["10.0.0.2", "10.0.0.3"], after.Select(endpoint => endpoint.Address.Host));
        Assert.Same(before[1], after[0]);
        Assert.False(before[0].TryAcquire());
        Assert.True(before[1].TryAcquire());
    }

    [Fact]
    public async Task Apply_ConnectTimeoutChanges_ReplacesTheEndpoints()
    {
        var cluster = Cluster();
        await ApplyAsync(cluster, Snapshot(Eds(), Endpoints("10.0.0.1")));
        var before = cluster.View.Endpoints[0];

        await ApplyAsync(cluster, Snapshot(Eds() with { ConnectTimeout = TimeSpan.FromSeconds(1) }, Endpoints("10.0.0.1")));

        Assert.NotSame(before, cluster.View.Endpoints[0]);
        Assert.Equal(TimeSpan.FromSeconds(1), cluster.View.Endpoints[0].ConnectTimeout);
        Assert.False(before.TryAcquire());
    }

    [Fact]
    public async Task Apply_EndpointsNotThereYet_IsPendingUntilTheyCome()
    {
        var cluster = Cluster();
        await ApplyAsync(cluster, Snapshot(Eds(), endpoints: null));
        Assert.True(cluster.View.IsPending);

        var waiting = cluster.WaitForChangeAsync(cluster.View, CancellationToken.None);
        await ApplyAsync(cluster, Snapshot(Eds(), Endpoints("10.0.0.1")));

        await waiting.WaitAsync(TestTimeouts.Default);
        Assert.False(cluster.View.IsPending);
    }

    [Fact]
    public async Task Apply_TlsDelivered_FailsClosedUnlessIgnored()
    {
        var tls = Eds() with { Tls = new TlsConfig() };
        var required = Cluster();
        var ignored = Cluster(UpstreamTlsMode.Ignored);

        await ApplyAsync(required, Snapshot(tls, Endpoints("10.0.0.1")));
        await ApplyAsync(ignored, Snapshot(tls, Endpoints("10.0.0.1")));

        Assert.Contains("UpstreamTlsContext", required.View.Error!.Message, StringComparison.Ordinal);
        Assert.Empty(required.View.Endpoints);
        Assert.Single(ignored.View.Endpoints);
    }

    [Fact]
    public async Task Apply_TlsForSomeEndpoints_LeavesThoseOutAndSaysSoWhenThereAreNoOthers()
    {
        var mixed = Eds() with { TransportSocketMatches = [new TransportSocketMatchConfig("m", EndpointLabels.IstioMutualTls, new TlsConfig()), new TransportSocketMatchConfig("p", EndpointLabels.None, Tls: null)] };
        var secured = new EndpointConfig(EndpointAddress.Tcp("10.0.0.1", 80), 1) { Labels = EndpointLabels.IstioMutualTls };
        var plain = new EndpointConfig(EndpointAddress.Tcp("10.0.0.2", 80), 1);
        var required = Cluster();
        var ignored = Cluster(UpstreamTlsMode.Ignored);

        await ApplyAsync(required, Snapshot(mixed, Of(secured, plain)));
        await ApplyAsync(ignored, Snapshot(mixed, Of(secured, plain)));

        Assert.Equal(["10.0.0.2"], required.View.Endpoints.Select(endpoint => endpoint.Address.Host));
        Assert.Equal([true, false], ignored.View.Endpoints.Select(endpoint => endpoint.Tls is not null));

        await ApplyAsync(required, Snapshot(mixed, Of(secured)));

        Assert.Contains("cluster 'c' asks for TLS to endpoint 10.0.0.1:80", required.View.Error!.Message, StringComparison.Ordinal);

        static EndpointsConfig Of(params EndpointConfig[] endpoints) => new() { ClusterName = "c", Localities = [new LocalityConfig(default, 0, 1, [.. endpoints])] };
    }

    [Fact]
    public async Task Apply_SameTlsAgain_KeepsTheEndpoints()
    {
        var cluster = Cluster(UpstreamTlsMode.Ignored);
        await ApplyAsync(cluster, Snapshot(Eds() with { Tls = new TlsConfig { Sni = "a", ApplicationProtocols = ["h2"] } }, Endpoints("10.0.0.1")));
        var before = cluster.View.Endpoints[0];

        await ApplyAsync(cluster, Snapshot(Eds() with { Tls = new TlsConfig { Sni = "a", ApplicationProtocols = ["h2"] } }, Endpoints("10.0.0.1")));
        Assert.Same(before, cluster.View.Endpoints[0]);

        await ApplyAsync(cluster, Snapshot(Eds() with { Tls = new TlsConfig { Sni = "b", ApplicationProtocols = ["h2"] } }, Endpoints("10.0.0.1")));
        Assert.NotSame(before, cluster.View.Endpoints[0]);
    }

    [Fact]
    public async Task OriginalDestination_NotUsedForAWhile_IsLetGo()
    {
        var cluster = Cluster();
        await ApplyAsync(cluster, Snapshot(Eds() with { DiscoveryType = ClusterDiscoveryType.OriginalDestination }, endpoints: null));
        var destinations = cluster.View.Destinations!;
        var idle = destinations.Find("a.example", 80);
        var busy = destinations.Find("b.example", 80);
        Assert.Same(idle, destinations.Find("a.example", 80));
        Assert.NotSame(idle, destinations.Find("a.example", 81));
        Assert.True(busy.TryAcquire());

        _clock.Advance(OriginalDestinations.CleanupInterval);
        Assert.Equal(3, destinations.Count);
        _clock.Advance(OriginalDestinations.CleanupInterval);

        Assert.Equal(1, destinations.Count);
        Assert.False(idle.TryAcquire());
        Assert.Same(busy, destinations.Find("b.example", 80));
        Assert.NotSame(idle, destinations.Find("a.example", 80));

        await _loop.InvokeAsync(cluster.Retire);
        Assert.False(busy.TryAcquire());
        Assert.False(destinations.Find("c.example", 80).TryAcquire());
    }

    [Fact]
    public async Task Apply_OriginalDestinationBecomesDns_ServesUntilTheNamesResolve()
    {
        var answer = _resolver.Hold("a.example");
        var cluster = Cluster();
        await ApplyAsync(cluster, Snapshot(Eds() with { DiscoveryType = ClusterDiscoveryType.OriginalDestination }, endpoints: null));
        var before = cluster.View;

        await ApplyAsync(cluster, Snapshot(Dns("a.example"), endpoints: null));

        // A view whose endpoints give no leases would have requests look again and again.
        var endpoint = cluster.View.Destinations!.Find("b.example", 80);
        Assert.True(endpoint.TryAcquire());
        endpoint.Release();

        answer.SetResult([IPAddress.Parse("10.0.0.1")]);
        await cluster.WaitForChangeAsync(before, CancellationToken.None).WaitAsync(TestTimeouts.Default);
        await _loop.InvokeAsync(static () => { });
        Assert.Equal("10.0.0.1", Assert.Single(cluster.View.Endpoints).Address.Host);
        Assert.False(endpoint.TryAcquire());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Apply_OriginalDestinationBecomesAnotherKind_IsRetired(bool isEds)
    {
        _resolver.Set("no-such.example");
        var cluster = Cluster();
        await ApplyAsync(cluster, Snapshot(Eds() with { DiscoveryType = ClusterDiscoveryType.OriginalDestination }, endpoints: null));
        var before = cluster.View;
        var endpoint = before.Destinations!.Find("b.example", 80);

        await ApplyAsync(cluster, isEds ? Snapshot(Eds(), Endpoints("10.0.0.1")) : Snapshot(Dns("no-such.example"), endpoints: null));
        await cluster.WaitForChangeAsync(before, CancellationToken.None).WaitAsync(TestTimeouts.Default);
        await _loop.InvokeAsync(static () => { });

        Assert.False(endpoint.TryAcquire());
        Assert.Null(cluster.View.Destinations);
    }

    [Fact]
    public async Task Retire_ThenAView_TellsRequestsToRouteAgain()
    {
        var cluster = Cluster();
        await ApplyAsync(cluster, Snapshot(Eds(), Endpoints("10.0.0.1")));
        var endpoint = cluster.View.Endpoints[0];

        await _loop.InvokeAsync(cluster.Retire);

        Assert.True(cluster.View.IsRetired);
        Assert.False(endpoint.TryAcquire());
    }

    [Fact]
    public async Task StrictDns_EveryAddressOfEveryName_IsAnEndpoint()
    {
        _resolver.Set("a.example", "10.0.0.1", "10.0.0.2");
        _resolver.Set("b.example", "10.0.0.3");
        var cluster = Cluster();

        await ApplyAsync(cluster, Snapshot(Dns("a.example", "b.example", "10.0.0.4"), endpoints: null));
        await cluster.WaitForChangeAsync(ClusterView.Pending, CancellationToken.None).WaitAsync(TestTimeouts.Default);

        Assert.Equal(["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80"], cluster.View.Endpoints.Select(endpoint => endpoint.Address.ToString()));
    }

    [Fact]
    public async Task StrictDns_AddressesChange_AreFollowedAtTheRefreshRate()
    {
        _resolver.Set("a.example", "10.0.0.1");
        var cluster = Cluster();
        await ApplyAsync(cluster, Snapshot(Dns("a.example"), endpoints: null));
        await cluster.WaitForChangeAsync(ClusterView.Pending, CancellationToken.None).WaitAsync(TestTimeouts.Default);
        var first = cluster.View;

        _resolver.Set("a.example", "10.0.0.9");
        await Until.TrueAsync(() => _clock.TimersStarted == 1);
        _clock.Advance(ClusterConfig.DefaultDnsRefreshRate - TimeSpan.FromMilliseconds(1));
        Assert.Same(first, cluster.View);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await cluster.WaitForChangeAsync(first, CancellationToken.None).WaitAsync(TestTimeouts.Default);

        Assert.Equal("10.0.0.9", Assert.Single(cluster.View.Endpoints).Address.Host);
    }

    [Fact]
    public async Task StrictDns_NameStopsResolving_KeepsItsAddresses()
    {
        _resolver.Set("a.example", "10.0.0.1");
        var cluster = Cluster();
        await ApplyAsync(cluster, Snapshot(Dns("a.example"), endpoints: null));
        await cluster.WaitForChangeAsync(ClusterView.Pending, CancellationToken.None).WaitAsync(TestTimeouts.Default);
        var first = cluster.View;

        _resolver.Set("a.example");
        await Until.TrueAsync(() => _clock.TimersStarted == 1);
        _clock.Advance(ClusterConfig.DefaultDnsRefreshRate);
        await cluster.WaitForChangeAsync(first, CancellationToken.None).WaitAsync(TestTimeouts.Default);

        Assert.Equal("10.0.0.1", Assert.Single(cluster.View.Endpoints).Address.Host);
    }

    [Fact]
    public async Task StrictDns_NameNeverResolves_FailsNamingIt()
    {
        var cluster = Cluster();

        await ApplyAsync(cluster, Snapshot(Dns("no-such.example"), endpoints: null));
        await cluster.WaitForChangeAsync(ClusterView.Pending, CancellationToken.None).WaitAsync(TestTimeouts.Default);

        Assert.Equal(ResourceErrorKind.NameResolutionFailed, cluster.View.Error!.Kind);
        Assert.Contains("no-such.example", cluster.View.Error.Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private static ClusterConfig Eds() => new() { Name = "c", DiscoveryType = ClusterDiscoveryType.Eds, LoadBalancer = RoundRobinConfig.Instance };

    private static ClusterConfig Dns(params string[] hosts) => new()
    {
        Name = "c",
        DiscoveryType = ClusterDiscoveryType.StrictDns,
        LoadBalancer = RoundRobinConfig.Instance,
        InlineEndpoints = Endpoints(hosts),
    };

    private static EndpointsConfig Endpoints(params string[] hosts) => new()
    {
        ClusterName = "c",
        Localities = [new LocalityConfig(default, 0, 1, [.. hosts.Select(host => new EndpointConfig(EndpointAddress.Tcp(host, 80), 1))])],
    };

    private static ClusterSnapshot Snapshot(ClusterConfig config, EndpointsConfig? endpoints) => new("c", config, endpoints, null);

    private ClusterState Cluster(UpstreamTlsMode tls = UpstreamTlsMode.Required)
        => new("c", new ClusterEnvironment(_loop, _clock, new SeededRandomSource(1), _resolver, new SocketTransport(_clock), tls, NullLogger.Instance));

    private Task ApplyAsync(ClusterState cluster, ClusterSnapshot snapshot) => _loop.InvokeAsync(() => cluster.Apply(snapshot));

    private sealed class ScriptedResolver : IHostResolver
    {
        private ImmutableDictionary<string, Task<IPAddress[]>> _held = ImmutableDictionary<string, Task<IPAddress[]>>.Empty;
        private ImmutableDictionary<string, IPAddress[]> _addresses = ImmutableDictionary<string, IPAddress[]>.Empty;

        /// <summary>No address: the name does not resolve.</summary>
        public void Set(string host, params string[] addresses) => _addresses = _addresses.SetItem(host, [.. addresses.Select(IPAddress.Parse)]);

        /// <summary>The name's answer comes when the test gives it.</summary>
        public TaskCompletionSource<IPAddress[]> Hold(string host)
        {
            var answer = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
            _held = _held.SetItem(host, answer.Task);
            return answer;
        }

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
            => _held.TryGetValue(host, out var held) ? held
            : _addresses.TryGetValue(host, out var addresses) && addresses.Length > 0
                ? Task.FromResult(addresses)
                : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }
}
