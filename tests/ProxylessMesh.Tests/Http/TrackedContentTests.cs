using System.Net;
using ProxylessMesh.Clusters;
using ProxylessMesh.Configuration;
using ProxylessMesh.Http;
using ProxylessMesh.Resilience;
using ProxylessMesh.Telemetry;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Tests.Http;

/// <summary>A request is under way until the end of its response's body, however that end comes.</summary>
public sealed class TrackedContentTests
{
    private readonly EndpointState _endpoint = new(EndpointAddress.Tcp("127.0.0.1", 1), TimeSpan.FromSeconds(5), new SocketTransport(TimeProvider.System), TimeProvider.System);

    [Fact]
    public async Task Body_ReadToTheEnd_GivesTheLeaseBackThen()
    {
        using var response = Respond(new StringContent("body"));
        await using var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[10];

        Assert.Equal(4, await stream.ReadAsync(buffer));
        Assert.Equal(1, _endpoint.ActiveRequests);
        Assert.Equal(0, await stream.ReadAsync(buffer));

        Assert.Equal(0, _endpoint.ActiveRequests);
    }

    [Fact]
    public async Task Body_Buffered_GivesTheLeaseBack()
    {
        using var response = Respond(new StringContent("body"));

        Assert.Equal("body", await response.Content.ReadAsStringAsync());

        Assert.Equal(0, _endpoint.ActiveRequests);
    }

    [Fact]
    public void Response_DisposedUnread_GivesTheLeaseBackOnce()
    {
        var response = Respond(new StringContent("body"));

        response.Dispose();
        response.Dispose();

        Assert.Equal(0, _endpoint.ActiveRequests);
    }

    [Fact]
    public async Task Body_Breaks_GivesTheLeaseBackAndThrows()
    {
        using var response = Respond(new StreamContent(new BrokenStream()));
        await using var stream = await response.Content.ReadAsStreamAsync();

        await Assert.ThrowsAsync<IOException>(async () => await stream.ReadExactlyAsync(new byte[1]));

        Assert.Equal(0, _endpoint.ActiveRequests);
    }

    [Fact]
    public void Body_Empty_GivesTheLeaseBackAtOnce()
    {
        using var response = Respond(new ByteArrayContent([]));

        Assert.Equal(0, _endpoint.ActiveRequests);
    }

    [Fact]
    public void Headers_OfTheContent_AreKept()
    {
        var content = new StringContent("body", System.Text.Encoding.UTF8, "text/plain");
        content.Headers.TryAddWithoutValidation("x-many", ["a", "b"]);

        using var response = Respond(content);

        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["a", "b"], response.Content.Headers.GetValues("x-many"));
        Assert.Equal(4, response.Content.Headers.ContentLength);
    }

    [Fact]
    public void TryMeasure_AttemptHasEndedMeanwhile_LeavesTheEndOfTheCallToTheCaller()
    {
        using var meter = new MeshMeter(factory: null);
        using var log = new ProxylessMesh.Tests.Telemetry.MeasurementLog(meter);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
        var call = MeasuredCall.TryStart(meter.Calls, TimeProvider.System, request, new MeshAuthority("orders", listener: null!))!;
        var attempt = call.StartAttempt(previousAttempts: 0, "c");
        using var response = Respond(new StringContent("body"));
        var content = (TrackedContent)response.Content;
        Assert.True(content.TryMeasure(attempt));

        // The request's time is over just now, and the clock's thread ends the attempt.
        attempt.End(isComplete: false, failure: null);

        Assert.False(content.TryMeasure(call));
    }

    [Fact]
    public void TimeOver_TrailersHaveCome_KeepTheStatusOfTheEndpoint()
    {
        using var request = new HttpRequestMessage();
        using var response = Respond(new StringContent("body"));
        response.TrailingHeaders.Add("grpc-status", "0");
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var deadline = new RequestDeadlines(clock).Begin(TimeSpan.FromSeconds(1), route: null, idle: null, isKept: false, CancellationToken.None);
        Assert.True(new TimedBody(deadline, "r", response, isGrpc: true).TryBegin());

        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["0"], response.TrailingHeaders.GetValues("grpc-status"));
        Assert.Equal(0, _endpoint.ActiveRequests);
    }

    private HttpResponseMessage Respond(HttpContent content)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
        Assert.True(_endpoint.TryAcquire());
        TrackedContent.Attach(response, _endpoint);
        return response;
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => ValueTask.FromException<int>(new IOException("broken"));
    }
}
