using Grpc.Core;
using ProxylessMesh.Tests.EndToEnd;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.Telemetry;

/// <summary>The metrics of requests through the mesh, over real sockets.</summary>
public sealed class CallMetricsTests
{
    private const string HttpDuration = "mesh.client.attempt.duration";
    private const string GrpcCallDuration = "grpc.client.call.duration";
    private const string GrpcDuration = "grpc.client.attempt.duration";

    [Fact]
    public async Task Instruments_All_HaveUnitAndDescription()
    {
        await using var mesh = await MeshFixture.StartAsync();

        using var log = new MeasurementLog(mesh.Mesh.Runtime.Meter);

        Assert.Equal(16, log.Instruments.Count);
        Assert.All(log.Instruments, static instrument => Assert.False(string.IsNullOrEmpty(instrument.Unit) || string.IsNullOrEmpty(instrument.Description), instrument.Name));
        Assert.All(log.Instruments, static instrument => Assert.Equal(MeshTelemetry.MeterName, instrument.Meter.Name));
    }

    [Fact]
    public async Task Get_BodyStillToBeRead_IsTimedOnceAtItsEnd()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new MeasurementLog(mesh.Mesh.Runtime.Meter);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead);
        var atHeaders = log.Series(HttpDuration).Count();
        await response.Content.ReadAsStringAsync();

        var series = Assert.Single(log.Series(HttpDuration));
        Assert.Equal(0, atHeaders);
        Assert.Equal($"{HttpDuration}{{http.request.method=GET,mesh.cluster=orders-cluster,http.response.status_code={(int)response.StatusCode}}}", series);
        Assert.InRange(log.Values(series).Single(), double.Epsilon, TestTimeouts.Default.TotalSeconds);
    }

    [Theory]
    [InlineData(StatusCode.OK, "OK")]
    [InlineData(StatusCode.ResourceExhausted, "RESOURCE_EXHAUSTED")]
    public async Task Unary_Ended_IsCountedAndTimedWithItsStatus(StatusCode status, string label)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new MeasurementLog(mesh.Mesh.Runtime.Meter);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        var call = client.UnaryAsync(new EchoRequest { FailWith = (int)status }, deadline: Deadline());
        var failure = await Record.ExceptionAsync(async () => await call);
        await Until.TrueAsync(() => log.Series(GrpcCallDuration).Any(), "the attempt and the call are timed");

        Assert.Equal(status, (failure as RpcException)?.StatusCode ?? StatusCode.OK);
        var started = Assert.Single(log.Series("grpc.client.attempt.started"));
        var ended = Assert.Single(log.Series(GrpcDuration));
        var called = Assert.Single(log.Series(GrpcCallDuration));
        Assert.Matches(@"^grpc\.client\.attempt\.started\{grpc\.method=[a-zA-Z.]+/Unary,grpc\.target=xds:///orders\}$", started);
        Assert.Matches($@"^grpc\.client\.attempt\.duration\{{grpc\.method=[a-zA-Z.]+/Unary,grpc\.target=xds:///orders,grpc\.status={label},grpc\.lb\.backend_service=orders-cluster,grpc\.lb\.locality=\{{region=""test"", zone="""", sub_zone=""""\}}\}}$", ended);
        Assert.Matches($@"^grpc\.client\.call\.duration\{{grpc\.method=[a-zA-Z.]+/Unary,grpc\.target=xds:///orders,grpc\.status={label}\}}$", called);
    }

    [Fact]
    public async Task ServerStream_LetGoHalfway_IsCancelled()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new MeasurementLog(mesh.Mesh.Runtime.Meter);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using (var call = client.Bidi(deadline: Deadline()))
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Message = "x" });
            Assert.True(await call.ResponseStream.MoveNext());
        }

        await Until.TrueAsync(() => log.Series(GrpcDuration).Any(), "the attempt is timed");
        Assert.Contains("grpc.status=CANCELLED", Assert.Single(log.Series(GrpcDuration)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_NoRouteAndNobodyThere_AreCountedByReason()
    {
        var refusing = XdsResources.Service("refusing").SkipLast(1).Append(XdsResources.Endpoints("refusing-cluster", ("127.0.0.1", 1)));
        await using var mesh = await MeshFixture.StartAsync([.. XdsResources.Service("empty"), .. refusing]);
        using var log = new MeasurementLog(mesh.Mesh.Runtime.Meter);

        await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.GetAsync(new Uri("http://empty/")));
        await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.GetAsync(new Uri("http://refusing/")));

        Assert.Equal(
            ["mesh.client.failures{error.type=no_healthy_endpoint,server.address=empty}", "mesh.client.failures{error.type=connect_failure,server.address=refusing}"],
            log.Series("mesh.client.failures"));
        Assert.Equal([$"{HttpDuration}{{http.request.method=GET,mesh.cluster=refusing-cluster,error.type=connect_failure}}"], log.Series(HttpDuration));
    }

    private static DateTime Deadline() => TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default;
}
