using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Configuration;
using ProxylessMesh.Protos.Rpc;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>The state-of-the-world protocol, row by row (xDS transport protocol; gRFCs A27, A36, A46, A53, A57, A88).</summary>
public sealed class XdsClientTests
{
    private static readonly TimeSpan ResourceTimeout = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task FirstRequest_NewStream_CarriesNodeAndNamesAndNoVersion()
    {
        await using var fixture = new XdsClientFixture();
        await fixture.WatchListenerAsync("a");

        var stream = await fixture.Transport.NextStreamAsync();
        var first = await stream.NextRequestAsync();
        await fixture.WatchClusterAsync("c");
        var second = await stream.NextRequestAsync();

        Assert.Equal("node-1", first.Node.Id);
        Assert.Equal(["a"], first.ResourceNames);
        Assert.Equal(("", ""), (first.VersionInfo, first.ResponseNonce));
        Assert.Null(second.Node);
        Assert.Equal(ResourceTypes.Cluster, second.TypeUrl);
    }

    [Fact]
    public async Task Response_Valid_IsAcknowledgedWithItsVersionAndNonce()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();

        stream.Respond(Clusters("7", "n1", XdsResources.Cluster("c")));
        var ack = await stream.NextRequestAsync();

        Assert.Equal(("7", "n1"), (ack.VersionInfo, ack.ResponseNonce));
        Assert.Null(ack.ErrorDetail);
        Assert.Equal("c", (await watcher.NextResourceAsync()).Name);
    }

    [Fact]
    public async Task Response_OneInvalidAmongValid_UsesTheValidAndRejectsNamingTheInvalid()
    {
        await using var fixture = new XdsClientFixture();
        var good = await fixture.WatchClusterAsync("good");
        var bad = await fixture.WatchClusterAsync("bad");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();

        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("good"), BadCluster("bad")));
        var nack = await stream.NextAnswerAsync("n1");

        Assert.Equal("good", (await good.NextResourceAsync()).Name);
        var error = await bad.NextErrorAsync();
        Assert.Equal(ResourceErrorKind.Invalid, error.Kind);
        Assert.Contains("node-1", error.Message, StringComparison.Ordinal);
        Assert.Contains("scripted", error.Message, StringComparison.Ordinal);
        Assert.Equal("", nack.VersionInfo);
        Assert.Contains("bad", nack.ErrorDetail.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nack_AfterAnAcceptedVersion_CarriesTheLastAcceptedVersionAndKeepsTheResource()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await stream.NextAnswerAsync("n1");

        stream.Respond(Clusters("2", "n2", BadCluster("c")));
        var nack = await stream.NextAnswerAsync("n2");

        Assert.Equal("1", nack.VersionInfo);
        Assert.NotNull(nack.ErrorDetail);
        await watcher.NextResourceAsync();
        await fixture.SettleAsync();
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task Nack_ServerWantsFailuresOnDataErrors_DropsTheResource()
    {
        await using var fixture = new XdsClientFixture(failsOnDataErrors: true);
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        stream.Respond(Clusters("2", "n2", BadCluster("c")));

        Assert.Equal(ResourceErrorKind.Invalid, (await watcher.NextErrorAsync()).Kind);
    }

    [Fact]
    public async Task Subscription_Changed_SendsCurrentVersionAndNonceWithAllNames()
    {
        await using var fixture = new XdsClientFixture();
        var first = await fixture.WatchClusterAsync("c1");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("5", "n1", XdsResources.Cluster("c1")));
        await stream.NextAnswerAsync("n1");

        await fixture.WatchClusterAsync("c2");
        var added = await stream.NextRequestAsync();
        await fixture.UnwatchAsync(first);
        var removed = await stream.NextRequestAsync();

        Assert.Equal(("5", "n1"), (added.VersionInfo, added.ResponseNonce));
        Assert.Equal(["c1", "c2"], added.ResourceNames.Order());
        Assert.Equal(["c2"], removed.ResourceNames);
    }

    [Fact]
    public async Task Watch_TwoWatchersOfOneName_AskOnceAndLastOneEndsTheSubscription()
    {
        await using var fixture = new XdsClientFixture();
        var first = await fixture.WatchEndpointsAsync("e");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();
        stream.Respond(AdsResponses.OfAny(ResourceTypes.ClusterLoadAssignment, "1", "n1", XdsResources.Endpoints("e", ("127.0.0.1", 1))));
        await stream.NextAnswerAsync("n1");

        var second = await fixture.WatchEndpointsAsync("e");
        await fixture.UnwatchAsync(first);
        await fixture.SettleAsync();
        Assert.False(stream.HasRequest);
        await fixture.UnwatchAsync(second);
        var last = await stream.NextRequestAsync();

        Assert.Equal("e", (await second.NextResourceAsync()).ClusterName);
        Assert.Empty(last.ResourceNames);
    }

    [Fact]
    public async Task Watch_LastListenerUnwatched_IsNotTurnedIntoAWildcard()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchListenerAsync("a");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();

        await fixture.UnwatchAsync(watcher);
        await fixture.SettleAsync();
        Assert.False(stream.HasRequest);
        await fixture.WatchListenerAsync("b");
        var next = await stream.NextRequestAsync();

        Assert.Equal(["b"], next.ResourceNames);
    }

    [Fact]
    public async Task Response_IdenticalBytes_DoesNotReachWatchersAgain()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        stream.Respond(Clusters("2", "n2", XdsResources.Cluster("c")));

        var ack = await stream.NextAnswerAsync("n2");

        Assert.Equal("2", ack.VersionInfo);
        await fixture.SettleAsync();
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task Response_WrappedResource_IsUnwrapped()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();

        stream.Respond(Clusters("1", "n1", Any.Pack(new Resource { Name = "c", Resource_ = XdsResources.Cluster("c") })));

        Assert.Equal("c", (await watcher.NextResourceAsync()).Name);
    }

    [Fact]
    public async Task Response_UnsolicitedResource_IsIgnored()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();

        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("other"), XdsResources.Cluster("c")));
        var ack = await stream.NextAnswerAsync("n1");

        Assert.Null(ack.ErrorDetail);
        Assert.Equal("c", (await watcher.NextResourceAsync()).Name);
    }

    [Fact]
    public async Task Response_ResourceOfAnotherType_IsRejected()
    {
        await using var fixture = new XdsClientFixture();
        await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();

        stream.Respond(Clusters("1", "n1", XdsResources.Endpoints("c", ("127.0.0.1", 1))));
        var nack = await stream.NextAnswerAsync("n1");

        Assert.Contains(ResourceTypes.ClusterLoadAssignment, nack.ErrorDetail.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n1")]
    public async Task Response_NonceMissingOrRepeated_IsUsedAndAnsweredWithIt(string nonce)
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchEndpointsAsync("e");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();

        foreach (var port in new[] { 1, 2 })
        {
            stream.Respond(AdsResponses.OfAny(ResourceTypes.ClusterLoadAssignment, $"{port}", nonce, XdsResources.Endpoints("e", ("127.0.0.1", port))));
            var answer = await stream.NextRequestAsync();

            Assert.Equal(($"{port}", nonce), (answer.VersionInfo, answer.ResponseNonce));
            Assert.Equal(port, (await watcher.NextResourceAsync()).Localities[0].Endpoints[0].Address.Port);
        }
    }

    [Fact]
    public async Task Response_TypeNotAskedFor_ChangesNothing()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();

        stream.Respond(AdsResponses.OfAny("type.googleapis.com/no.such.Type", "1", "n0"));
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        var ack = await stream.NextRequestAsync();

        Assert.Equal("n1", ack.ResponseNonce);
        await watcher.NextResourceAsync();
    }

    [Fact]
    public async Task Silence_ForFifteenSeconds_MeansDoesNotExist()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchListenerAsync("a");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();

        await fixture.AdvanceAsync(ResourceTimeout - TimeSpan.FromMilliseconds(1), timers: 1);
        Assert.Equal(0, watcher.Count);
        await fixture.AdvanceAsync(TimeSpan.FromMilliseconds(1));

        var error = await watcher.NextErrorAsync();
        Assert.Equal(ResourceErrorKind.DoesNotExist, error.Kind);
        Assert.Contains("'a'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silence_TransportNotConnected_StartsNoTimer()
    {
        await using var fixture = new XdsClientFixture();
        fixture.Transport.HoldsStreams = true;
        var watcher = await fixture.WatchListenerAsync("a");
        var stream = await fixture.Transport.NextStreamAsync();

        await fixture.AdvanceAsync(ResourceTimeout * 2);
        Assert.Equal(0, watcher.Count);
        stream.Connecting!.SetResult();
        await stream.NextRequestAsync();
        await fixture.AdvanceAsync(ResourceTimeout, timers: 1);

        Assert.Equal(ResourceErrorKind.DoesNotExist, (await watcher.NextErrorAsync()).Kind);
    }

    [Fact]
    public async Task Silence_AfterTheResourceCame_MeansNothing()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        await fixture.AdvanceAsync(ResourceTimeout * 4);

        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task ResourceError_NotFound_MeansDoesNotExistAtOnce()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchListenerAsync("a");
        var stream = await fixture.Transport.NextStreamAsync();

        stream.Respond(new DiscoveryResponse
        {
            TypeUrl = ResourceTypes.Listener,
            VersionInfo = "1",
            Nonce = "n1",
            ResourceErrors = { new Envoy.Service.Discovery.V3.ResourceError { ResourceName = new ResourceName { Name = "a" }, ErrorDetail = new Status { Code = 5, Message = "no such host" } } },
        });

        var error = await watcher.NextErrorAsync();
        Assert.Equal(ResourceErrorKind.DoesNotExist, error.Kind);
        Assert.Contains("no such host", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resource_AfterDoesNotExist_IsUsed()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();
        await fixture.AdvanceAsync(ResourceTimeout, timers: 1);
        await watcher.NextErrorAsync();

        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));

        Assert.Equal("c", (await watcher.NextResourceAsync()).Name);
    }

    [Fact]
    public async Task Absence_FromAFullState_KeepsTheResourceByDefault()
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        stream.Respond(Clusters("2", "n2"));
        await stream.NextAnswerAsync("n2");

        await fixture.SettleAsync();
        Assert.Equal(1, watcher.Count);
    }

    [Fact]
    public async Task Absence_ServerWantsFailuresOnDataErrors_DeletesTheResource()
    {
        await using var fixture = new XdsClientFixture(failsOnDataErrors: true);
        var watcher = await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(Clusters("1", "n1", XdsResources.Cluster("c")));
        await watcher.NextResourceAsync();

        stream.Respond(Clusters("2", "n2"));
        Assert.Equal(ResourceErrorKind.DoesNotExist, (await watcher.NextErrorAsync()).Kind);
        stream.Respond(Clusters("3", "n3", XdsResources.Cluster("c")));

        Assert.Equal("c", (await watcher.NextResourceAsync()).Name);
    }

    [Fact]
    public async Task Absence_FromEndpointSets_MeansNoChange()
    {
        await using var fixture = new XdsClientFixture(failsOnDataErrors: true);
        var watcher = await fixture.WatchEndpointsAsync("e");
        var stream = await fixture.Transport.NextStreamAsync();
        stream.Respond(AdsResponses.OfAny(ResourceTypes.ClusterLoadAssignment, "1", "n1", XdsResources.Endpoints("e", ("127.0.0.1", 1))));
        await watcher.NextResourceAsync();

        stream.Respond(AdsResponses.OfAny(ResourceTypes.ClusterLoadAssignment, "2", "n2"));
        await stream.NextAnswerAsync("n2");

        await fixture.SettleAsync();
        Assert.Equal(1, watcher.Count);
    }

    private static DiscoveryResponse Clusters(string version, string nonce, params IEnumerable<Any> resources)
        => AdsResponses.OfAny(ResourceTypes.Cluster, version, nonce, resources);

    /// <summary>A cluster of a type that no in-process client can use.</summary>
    private static Any BadCluster(string name) => Any.Pack(new Envoy.Config.Cluster.V3.Cluster
    {
        Name = name,
        Type = Envoy.Config.Cluster.V3.Cluster.Types.DiscoveryType.OriginalDst,
    });
}
