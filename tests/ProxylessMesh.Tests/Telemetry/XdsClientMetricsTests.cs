using Envoy.Config.Cluster.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Telemetry;

/// <summary>The metrics of the xDS client (gRFC A78).</summary>
public sealed class XdsClientMetricsTests
{
    private const string ClusterType = "grpc.xds.resource_type=envoy.config.cluster.v3.Cluster";

    [Fact]
    public async Task Response_ValidAndInvalid_AreCountedAndShownByState()
    {
        await using var fixture = new XdsClientFixture();
        using var log = new MeasurementLog(fixture.Meter);
        await fixture.WatchClusterAsync("good");
        await fixture.WatchClusterAsync("bad");
        await fixture.WatchListenerAsync("a");
        var stream = await fixture.Transport.NextStreamAsync();

        var invalid = Any.Pack(new Cluster { Name = "bad", LbPolicy = (Cluster.Types.LbPolicy)99 });
        stream.Respond(AdsResponses.OfAny(ResourceTypes.Cluster, "1", "n1", XdsResources.Cluster("good"), invalid));
        await stream.NextAnswerAsync("n1");
        stream.Respond(AdsResponses.OfAny(ResourceTypes.Cluster, "2", "n2", XdsResources.Cluster("good")));
        await stream.NextAnswerAsync("n2");
        await fixture.SettleAsync();

        var server = $"grpc.xds.server={fixture.Transport.ServerName}";
        Assert.Equal([1, 1], log.Values($"grpc.xds_client.resource_updates_valid{{{server},{ClusterType}}}"));
        Assert.Equal([1], log.Values($"grpc.xds_client.resource_updates_invalid{{{server},{ClusterType}}}"));
        var shown = log.Collect("grpc.xds_client.resources");
        Assert.Equal(1, shown[$"grpc.xds_client.resources{{grpc.xds.authority=#old,{ClusterType},grpc.xds.cache_state=acked}}"]);
        Assert.Equal(1, shown["grpc.xds_client.resources{grpc.xds.authority=#old,grpc.xds.resource_type=envoy.config.listener.v3.Listener,grpc.xds.cache_state=requested}"]);
    }

    [Fact]
    public async Task Federation_ResourcesAndServers_AreShownByAuthorityAndServer()
    {
        var shared = new XdsServerList([new ScriptedTransport("shared")], fallsBackOnReachabilityOnly: false);
        var twice = new ScriptedTransport("shared");
        await using var fixture = new XdsClientFixture(
            shared, new Dictionary<string, XdsServerList> { ["same"] = shared, ["other"] = new([twice], fallsBackOnReachabilityOnly: true) });
        using var log = new MeasurementLog(fixture.Meter);
        foreach (var name in new[] { "c", "xdstp://same/envoy.config.cluster.v3.Cluster/c", "xdstp://other/envoy.config.cluster.v3.Cluster/c" })
        {
            await fixture.WatchClusterAsync(name);
        }

        await fixture.SettleAsync();
        var before = log.Collect("grpc.xds_client.connected")["grpc.xds_client.connected{grpc.xds.server=shared}"];
        twice.Refusal = "connection refused";
        (await twice.NextStreamAsync()).End("gone");
        await Until.TrueAsync(() => fixture.Client.UnreachableReason is not null);

        // Two streams to one server: it works when both do.
        Assert.Equal((1, 0), (before, log.Collect("grpc.xds_client.connected")["grpc.xds_client.connected{grpc.xds.server=shared}"]));
        var shown = log.Collect("grpc.xds_client.resources");
        Assert.All(new[] { "#old", "same", "other" }, authority => Assert.Equal(1, shown[$"grpc.xds_client.resources{{grpc.xds.authority={authority},{ClusterType},grpc.xds.cache_state=requested}}"]));
    }

    [Fact]
    public async Task Stream_FailsBeforeAnyResponse_CountsOneFailureUntilTheNextResponse()
    {
        await using var fixture = new XdsClientFixture();
        using var log = new MeasurementLog(fixture.Meter);
        await fixture.WatchClusterAsync("c");
        var stream = await fixture.Transport.NextStreamAsync();
        var connected = $"grpc.xds_client.connected{{grpc.xds.server={fixture.Transport.ServerName}}}";
        var failed = $"grpc.xds_client.server_failure{{grpc.xds.server={fixture.Transport.ServerName}}}";
        var before = log.Collect("grpc.xds_client.connected")[connected];

        stream.End("gone");
        await Until.TrueAsync(() => log.Values(failed).Any(), "the failure is counted");
        await fixture.SettleAsync();
        var failures = log.Values(failed).ToArray();
        var during = log.Collect("grpc.xds_client.connected")[connected];

        Assert.Equal([1], failures);
        Assert.Equal((1, 0), (before, during));
    }
}
