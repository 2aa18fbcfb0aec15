using System.Globalization;
using Envoy.Service.Discovery.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.Xds;

/// <summary>A stream may last as long as the process: it keeps nothing of what was asked for once, and no timer of what was answered.</summary>
public sealed class XdsClientMemoryTests
{
    [Fact]
    public async Task Subscription_Ended_KeepsNoResourceWhileTheStreamGoesOn()
    {
        const int Subscriptions = 20;
        await using var fixture = new XdsClientFixture();
        await fixture.WatchEndpointsAsync("kept");
        var stream = await fixture.Transport.NextStreamAsync();

        var resources = new List<WeakReference>();
        for (var i = 1; i <= Subscriptions; i++)
        {
            resources.Add(await SubscribeForAWhileAsync(fixture, stream, i));
        }

        await fixture.SettleAsync();
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.InRange(resources.Count(resource => resource.IsAlive), 0, 1); // the last one may still be on a stack
    }

    [Theory]
    [InlineData("answered")]
    [InlineData("rejected")]
    [InlineData("left")]
    public async Task Timer_NobodyWaitsAnyMore_IsStopped(string by)
    {
        await using var fixture = new XdsClientFixture();
        var watcher = await fixture.WatchEndpointsAsync("e");
        var stream = await fixture.Transport.NextStreamAsync();
        await Until.TrueAsync(() => fixture.Clock.TimersStarted == 1);
        Assert.Equal(1, fixture.Clock.TimersRunning);

        switch (by)
        {
            case "answered":
                stream.Respond(Endpoints(1, XdsResources.Endpoints("e", ("127.0.0.1", 1))));
                break;

            case "rejected":
                stream.Respond(Endpoints(1, XdsResources.Endpoints("e", ("127.0.0.1", 99_999))));
                await watcher.NextErrorAsync();
                break;

            default:
                await fixture.UnwatchAsync(watcher);
                break;
        }

        await Until.TrueAsync(() => fixture.Clock.TimersRunning == 0);
    }

    [Fact]
    public async Task Timer_OneOfTwoAnswered_RunsOnForTheOther()
    {
        await using var fixture = new XdsClientFixture();
        var answered = await fixture.WatchEndpointsAsync("answered");
        var unanswered = await fixture.WatchEndpointsAsync("unanswered");
        var stream = await fixture.Transport.NextStreamAsync();
        await stream.NextRequestAsync();
        stream.Respond(Endpoints(1, XdsResources.Endpoints("answered", ("127.0.0.1", 1))));
        await answered.NextResourceAsync();

        await fixture.AdvanceAsync(TimeSpan.FromSeconds(15), timers: 1);

        await unanswered.NextErrorAsync();
        Assert.Equal(1, answered.Count);
    }

    [Fact]
    public async Task TimeToLive_SubscriptionEnded_StopsWithTheNextResponse()
    {
        await using var fixture = new XdsClientFixture();
        await fixture.WatchEndpointsAsync("kept");
        var watcher = await fixture.WatchEndpointsAsync("e");
        var stream = await fixture.Transport.NextStreamAsync();
        var kept = XdsResources.Endpoints("kept", ("127.0.0.1", 1));
        var temporary = new Resource { Name = "e", Resource_ = XdsResources.Endpoints("e", ("127.0.0.1", 1)), Ttl = Duration.FromTimeSpan(TimeSpan.FromHours(1)) };
        stream.Respond(Endpoints(1, kept, Any.Pack(temporary)));
        await watcher.NextResourceAsync();
        await stream.NextAnswerAsync("n1");
        await Until.TrueAsync(() => fixture.Clock.TimersRunning == 1);

        await fixture.UnwatchAsync(watcher);
        stream.Respond(Endpoints(2, kept));

        await Until.TrueAsync(() => fixture.Clock.TimersRunning == 0);
    }

    private static async Task<WeakReference> SubscribeForAWhileAsync(XdsClientFixture fixture, ScriptedStream stream, int number)
    {
        var name = $"e{number}";
        var watcher = await fixture.WatchEndpointsAsync(name);
        while (!(await stream.NextRequestAsync()).ResourceNames.Contains(name))
        {
            // Of the subscription before.
        }

        stream.Respond(Endpoints(number, XdsResources.Endpoints(name, ("127.0.0.1", number))));
        var resource = new WeakReference(await watcher.NextResourceAsync());
        await fixture.UnwatchAsync(watcher);
        return resource;
    }

    private static DiscoveryResponse Endpoints(int version, params IEnumerable<Any> resources)
        => AdsResponses.OfAny(ResourceTypes.ClusterLoadAssignment, version.ToString(CultureInfo.InvariantCulture), $"n{version}", resources);
}
