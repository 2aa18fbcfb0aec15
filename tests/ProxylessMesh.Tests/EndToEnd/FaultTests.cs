using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Telemetry;
using static ProxylessMesh.Tests.EndToEnd.FilteredMesh;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Injected faults over real sockets.</summary>
public sealed class FaultTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Send_DelayLongerThanTheRoutesTimeout_IsAnsweredAfterTheDelay()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var route = Plain.Replace("\"0s\"", "\"1s\"", StringComparison.Ordinal);
        await using var mesh = await StartAsync(Listener(Filter($$""" "delay": {"fixedDelay": "30s", {{Always}} } """), route), _clock, backend);
        var start = _clock.GetUtcNow();

        var answer = mesh.BackendOfAsync("http://orders/");
        await Until.TrueAsync(() => Active(mesh) == 1, "the request is held back");
        Assert.Equal(0, backend.RequestCount);
        await AdvanceUntilAsync(() => Active(mesh) == 0); // from then on the timeout runs by the same clock

        Assert.Equal("b1", await answer.WaitAsync(TestTimeouts.Default));
        Assert.InRange(_clock.GetUtcNow() - start, TimeSpan.FromSeconds(30), TimeSpan.MaxValue);
        Assert.Equal(0, Active(mesh));
    }

    [Fact]
    public async Task Send_CancelledDuringTheDelay_EndsAtOnce()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(Filter($$""" "delay": {"fixedDelay": "3600s", {{Always}} } """)), backend);
        using var cancellation = new CancellationTokenSource();

        var answer = mesh.Client.GetAsync(new Uri("http://orders/"), cancellation.Token);
        await Until.TrueAsync(() => Active(mesh) == 1, "the request is held back");
        await cancellation.CancelAsync();

        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer.WaitAsync(TestTimeouts.Default));
        Assert.Equal(cancellation.Token, exception.CancellationToken);
        Assert.Equal(0, Active(mesh));
        Assert.Equal(0, backend.RequestCount);
    }

    [Fact]
    public async Task Call_HeldBack_TellsTheBackendWhatIsLeftOfItsTime()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(Listener(Filter($$""" "delay": {"fixedDelay": "7200s", {{Always}} } """)), _clock, backend);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using var call = client.UnaryAsync(new EchoRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + TimeSpan.FromHours(3));
        await Until.TrueAsync(() => Active(mesh) == 1, "the call is held back");
        await AdvanceUntilAsync(() => Active(mesh) == 0, TimeSpan.FromMinutes(10));
        await call;

        var left = backend.LastRequest!.Headers["grpc-timeout"];
        Assert.InRange(int.Parse(left[..^1], System.Globalization.CultureInfo.InvariantCulture) / (left[^1] == 'm' ? 60_000d : left[^1] == 'S' ? 60 : 1), 0, 60); // minutes
    }

    [Theory]
    [InlineData(""" "httpStatus": 503 """, 14)]
    [InlineData(""" "httpStatus": 200 """, 2)]
    [InlineData(""" "httpStatus": 404 """, 12)]
    [InlineData(""" "grpcStatus": 8 """, 8)]
    [InlineData(""" "grpcStatus": 16 """, 16)]
    public async Task Call_Aborted_EndsWithTheStatus(string abort, int status)
    {
        await using var mesh = await StartAsync(Listener(Filter($$""" "abort": { {{abort}}, {{Always}} } """)));
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(new EchoRequest()));

        Assert.Equal((StatusCode)status, exception.StatusCode);
        Assert.Equal("fault filter abort", exception.Status.Detail);
    }

    [Fact]
    public async Task Send_ResponseRateLimit_LetsTheBodyThroughAtItsPace()
    {
        const int Size = 4096;
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(Filter($$""" "responseRateLimit": {"fixedLimit": {"limitKbps": 1}, {{Always}} } """)), _clock, backend);
        using var body = new ByteArrayContent(new byte[Size]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://orders/") { Content = body };
        using var response = await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var start = _clock.GetUtcNow();

        var read = response.Content.ReadAsByteArrayAsync();
        Assert.Equal(1, Active(mesh));
        await AdvanceUntilAsync(() => read.IsCompleted, TimeSpan.FromMilliseconds(10));

        Assert.Equal(Size, (await read).Length);
        Assert.InRange(_clock.GetUtcNow() - start, TimeSpan.FromSeconds(3.9), TimeSpan.FromSeconds(20));
        await Until.TrueAsync(() => Active(mesh) == 0 && mesh.ActiveRequests == 0, "the fault and the lease end with the body");
    }

    [Fact]
    public async Task Call_ResponseRateLimit_MessagesAndTrailersComeThrough()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(Listener(Filter($$""" "responseRateLimit": {"fixedLimit": {"limitKbps": 64}, {{Always}} } """)), backend);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        var reply = await client.UnaryAsync(new EchoRequest { Message = new string('x', 100) });

        Assert.Equal("b1", reply.Backend);
    }

    [Fact]
    public async Task Send_DelayedAndAborted_IsCountedAsBoth()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(Filter($$""" "delay": {"fixedDelay": "0.001s", {{Always}} }, "abort": {"httpStatus": 500, {{Always}} } """)), backend);
        await mesh.Mesh.Runtime.StartAsync(CancellationToken.None);
        using var log = new MeasurementLog(mesh.Mesh.Runtime.Meter);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));

        Assert.Equal(500, (int)response.StatusCode);
        Assert.Equal("fault filter abort", await response.Content.ReadAsStringAsync());
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(["mesh.client.faults{mesh.fault.kind=delay,mesh.cluster=c}", "mesh.client.faults{mesh.fault.kind=abort,mesh.cluster=c}"], log.Series("mesh.client.faults"));
        Assert.Equal(0, log.Collect("mesh.client.active_faults").Values.Single());
        Assert.Equal(0, backend.RequestCount);
    }

    private static string Filter(string fields) => $$"""{"name": "fault", "typedConfig": { {{Fault}}, {{fields}} } }""";

    private static int Active(MeshFixture mesh) => mesh.Mesh.Runtime.Meter.Faults.Active;

    private Task AdvanceUntilAsync(Func<bool> isDone, TimeSpan? step = null) => Until.TrueAsync(
        () =>
        {
            _clock.Advance(step ?? TimeSpan.FromSeconds(1));
            return isDone();
        },
        "it ends as time goes on");
}
