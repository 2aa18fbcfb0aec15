using System.Diagnostics.CodeAnalysis;
using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>Whom a name leads to (gRFC A47), and when an authority falls back (gRFC A71, A95).</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The client of each test disposes of its transports.")]
public sealed class XdsFederationTests
{
    private const string PartnerListener = "xdstp://partner/envoy.config.listener.v3.Listener/orders";
    private const string PartnerRoutes = "xdstp://partner/envoy.config.route.v3.RouteConfiguration/orders";
    private const string PartnerCluster = "xdstp://partner/envoy.config.cluster.v3.Cluster/orders";

    private readonly ScriptedTransport _own = new("own");
    private readonly ScriptedTransport _partner = new("partner");
    private readonly ScriptedTransport _partnerFallback = new("partner-fallback");

    [Fact]
    public async Task Watch_NamesOfTwoAuthorities_EachGoesToItsOwnServer()
    {
        await using var fixture = Federated();
        var plain = await fixture.WatchListenerAsync("orders");
        var partner = await fixture.WatchListenerAsync(PartnerListener);

        var own = await _own.NextStreamAsync();
        var other = await _partner.NextStreamAsync();
        Assert.Equal(["orders"], (await own.NextRequestAsync()).ResourceNames);
        var request = await other.NextRequestAsync();
        Assert.Equal([PartnerListener], request.ResourceNames);
        Assert.Equal("node-1", request.Node.Id);
        own.Respond(Listeners("1", "n1", XdsResources.Listener("orders", "routes")));
        other.Respond(Listeners("9", "p1", XdsResources.Listener(PartnerListener, PartnerRoutes)));

        await plain.NextResourceAsync();
        await partner.NextResourceAsync();
        await own.NextAnswerAsync("n1");
        await other.NextAnswerAsync("p1");
        Assert.True(fixture.Client.IsConnected);
        Assert.Equal(
            [("orders", "own"), (PartnerListener, "partner")],
            (await fixture.Client.DescribeAsync(CancellationToken.None)).Select(static resource => (resource.Name, resource.ControlPlane)));
    }

    [Theory]
    [InlineData("orders-routes", true)]
    [InlineData(PartnerRoutes, false)]
    public async Task Watch_ReferenceFromOneAuthorityToAnother_IsAskedOfTheNamesOwn(string routes, bool isOwn)
    {
        await using var fixture = Federated();
        var listener = await fixture.WatchListenerAsync(isOwn ? PartnerListener : "orders");
        var stream = await (isOwn ? _partner : _own).NextStreamAsync();
        stream.Respond(Listeners("1", "n1", XdsResources.Listener(isOwn ? PartnerListener : "orders", routes)));
        var delivered = await listener.NextResourceAsync();

        await fixture.WatchRoutesAsync(delivered.RoutesName!);

        var asked = await (isOwn ? _own : _partner).NextStreamAsync();
        Assert.Equal([routes], (await asked.NextRequestAsync(ResourceTypes.RouteConfiguration)).ResourceNames);
    }

    [Fact]
    public async Task Watch_AuthoritiesWithTheSameServers_ShareOneStream()
    {
        var servers = new XdsServerList([_own], fallsBackOnReachabilityOnly: false);
        await using var fixture = new XdsClientFixture(servers, new Dictionary<string, XdsServerList> { ["partner"] = servers, ["other"] = servers });
        var watchers = new List<RecordingWatcher<ClusterConfig>>();
        foreach (var name in new[] { "c", PartnerCluster, "xdstp://other/envoy.config.cluster.v3.Cluster/orders" })
        {
            watchers.Add(await fixture.WatchClusterAsync(name));
        }

        var stream = await _own.NextStreamAsync();
        DiscoveryRequest request;
        do
        {
            request = await stream.NextRequestAsync(ResourceTypes.Cluster);
        }
        while (request.ResourceNames.Count < 3);

        stream.Respond(AdsResponses.OfAny(ResourceTypes.Cluster, "1", "n1", request.ResourceNames.Select(Cluster)));
        foreach (var watcher in watchers)
        {
            await watcher.NextResourceAsync();
        }

        Assert.False(_own.HasStream);
    }

    [Fact]
    public async Task Response_ContextParametersInAnotherOrder_IsTheSameResource()
    {
        await using var fixture = Federated();
        var first = await fixture.WatchClusterAsync(PartnerCluster + "?b=2&a=1");
        var second = await fixture.WatchClusterAsync(PartnerCluster + "?a=1&b=2#alt=x");
        var stream = await _partner.NextStreamAsync();

        Assert.Equal([PartnerCluster + "?a=1&b=2"], (await stream.NextRequestAsync()).ResourceNames);
        stream.Respond(Clusters("1", "n1", Cluster(PartnerCluster + "?b=2&a=1")));

        await first.NextResourceAsync();
        await second.NextResourceAsync();
        Assert.Null((await stream.NextAnswerAsync("n1")).ErrorDetail);
    }

    [Fact]
    public async Task Response_SameNameSpeltTwice_IsRejectedAsADuplicate()
    {
        await using var fixture = Federated();
        var watcher = await fixture.WatchClusterAsync(PartnerCluster + "?a=1&b=2");
        var stream = await _partner.NextStreamAsync();

        stream.Respond(Clusters("1", "n1", Cluster(PartnerCluster + "?b=2&a=1"), Cluster(PartnerCluster + "?a=1&b=2")));

        await watcher.NextResourceAsync();
        Assert.Contains("more than once", (await stream.NextAnswerAsync("n1")).ErrorDetail.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Response_ResourceErrorWithParametersInAnotherOrder_ReachesTheWatcher()
    {
        await using var fixture = Federated();
        var watcher = await fixture.WatchClusterAsync(PartnerCluster + "?a=1&b=2");
        var stream = await _partner.NextStreamAsync();

        stream.Respond(new DiscoveryResponse
        {
            TypeUrl = ResourceTypes.Cluster,
            Nonce = "n1",
            ResourceErrors =
            {
                new Envoy.Service.Discovery.V3.ResourceError
                {
                    ResourceName = new ResourceName { Name = PartnerCluster + "?b=2&a=1" },
                    ErrorDetail = new Protos.Rpc.Status { Code = 5, Message = "no such cluster" },
                },
            },
        });

        Assert.Equal(ResourceErrorKind.DoesNotExist, (await watcher.NextErrorAsync()).Kind);
    }

    [Fact]
    public async Task Response_ServerNamesWhatIsNotItsOwn_IsIgnored()
    {
        // A server speaks for the authorities that the bootstrap gives it, and for nobody else's.
        await using var fixture = Federated();
        var own = await fixture.WatchClusterAsync("c");
        var partner = await fixture.WatchClusterAsync(PartnerCluster);
        var stream = await _partner.NextStreamAsync();

        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c"), Cluster(PartnerCluster)));

        await partner.NextResourceAsync();
        await stream.NextAnswerAsync("n1");
        await fixture.SettleAsync();
        Assert.Equal(0, own.Count);
    }

    [Theory]
    [InlineData("xdstp://nobody/envoy.config.cluster.v3.Cluster/orders", "no authority 'nobody'")]
    [InlineData("xdstp:///envoy.config.cluster.v3.Cluster/orders", "no authority ''")]
    [InlineData("xdstp://partner/envoy.config.listener.v3.Listener/orders", "of type 'envoy.config.listener.v3.Listener'")]
    [InlineData("xdstp://partner/orders", "does not have the form")]
    [InlineData("xdstp:orders", "does not have the form")]
    public async Task Watch_NameThatNobodyCanAnswer_FailsThatWatcherOnly(string name, string words)
    {
        await using var fixture = Federated();
        var refused = await fixture.WatchClusterAsync(name);
        var good = await fixture.WatchClusterAsync(PartnerCluster);

        var error = await refused.NextErrorAsync();
        var described = (await fixture.Client.DescribeAsync(CancellationToken.None)).Single(resource => resource.Name == name);
        var stream = await _partner.NextStreamAsync();
        Assert.Equal([PartnerCluster], (await stream.NextRequestAsync()).ResourceNames);
        stream.Respond(Clusters("1", "n1", Cluster(PartnerCluster)));
        await good.NextResourceAsync();
        await fixture.UnwatchAsync(refused);

        Assert.Equal(ResourceErrorKind.InvalidName, error.Kind);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains("node-1", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, described.Error!.Message, StringComparison.Ordinal);
        Assert.False(_own.HasStream);
        Assert.DoesNotContain(await fixture.Client.DescribeAsync(CancellationToken.None), resource => resource.Name == name);
    }

    [Fact]
    public async Task Outage_OfOneAuthority_LeavesTheOtherAlone()
    {
        await using var fixture = Federated();
        _partner.Refusal = "connection refused";
        var partner = await fixture.WatchClusterAsync(PartnerCluster);
        var own = await fixture.WatchClusterAsync("c");
        (await _own.NextStreamAsync()).Respond(Clusters("1", "n1", XdsResources.Cluster("c")));

        Assert.Equal(ResourceErrorKind.ControlPlaneUnreachable, (await partner.NextErrorAsync()).Kind);
        await own.NextResourceAsync();
        await fixture.SettleAsync();
        Assert.Equal(1, own.Count);
        Assert.Equal("connection refused", fixture.Client.UnreachableReason);
        Assert.False(fixture.Client.IsConnected);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Outage_EverythingIsCached_FallsBackOnlyWhereReachabilityDecides(bool onReachabilityOnly)
    {
        await using var fixture = new XdsClientFixture(
            new XdsServerList([_own], fallsBackOnReachabilityOnly: false),
            new Dictionary<string, XdsServerList> { ["partner"] = new([_partner, _partnerFallback], onReachabilityOnly) });
        var watcher = await fixture.WatchClusterAsync(PartnerCluster);
        var stream = await _partner.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", Cluster(PartnerCluster)));
        await watcher.NextResourceAsync();

        _partner.Refusal = "connection refused";
        stream.End("connection reset");
        await _partner.NextStreamAsync();
        await Until.TrueAsync(() => onReachabilityOnly ? _partnerFallback.HasStream : fixture.Client.UnreachableReason == "connection refused");
        await fixture.SettleAsync();

        Assert.Equal(onReachabilityOnly, _partnerFallback.HasStream);
        if (onReachabilityOnly)
        {
            var fallback = await _partnerFallback.NextStreamAsync();
            Assert.Equal([PartnerCluster], (await fallback.NextRequestAsync()).ResourceNames);
        }

        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task Dispose_Federated_EndsEveryAuthority()
    {
        var fixture = Federated();
        await fixture.WatchClusterAsync("c");
        await fixture.WatchClusterAsync(PartnerCluster);
        var own = await _own.NextStreamAsync();
        var partner = await _partner.NextStreamAsync();

        await fixture.DisposeAsync();

        Assert.True(own.IsDisposed && partner.IsDisposed && _own.IsDisposed && _partner.IsDisposed);
    }

    private XdsClientFixture Federated() => new(
        new XdsServerList([_own], fallsBackOnReachabilityOnly: false),
        new Dictionary<string, XdsServerList> { ["partner"] = new([_partner], fallsBackOnReachabilityOnly: false) });

    /// <summary>A cluster that names its endpoint set, as one with an xdstp name must.</summary>
    private static Any Cluster(string name)
    {
        var cluster = XdsResources.Cluster(name).Unpack<Envoy.Config.Cluster.V3.Cluster>();
        cluster.EdsClusterConfig.ServiceName = "endpoints";
        return Any.Pack(cluster);
    }

    private static DiscoveryResponse Listeners(string version, string nonce, params IEnumerable<Any> resources)
        => AdsResponses.OfAny(ResourceTypes.Listener, version, nonce, resources);

    private static DiscoveryResponse Clusters(string version, string nonce, params IEnumerable<Any> resources)
        => AdsResponses.OfAny(ResourceTypes.Cluster, version, nonce, resources);
}
