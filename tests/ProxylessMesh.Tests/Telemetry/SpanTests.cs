using System.Diagnostics;
using System.Net;
using Grpc.Core;
using ProxylessMesh.Tests.EndToEnd;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.Telemetry;

/// <summary>The spans of requests through the mesh, over real sockets.</summary>
public sealed class SpanTests
{
    private const string SystemNetHttp = "System.Net.Http";

    [Fact]
    public async Task Get_Answered_IsACallWithAnAttemptWhoseChildTheBackendIs()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new SpanLog(MeshTelemetry.ActivitySourceName);

        await mesh.BackendOfAsync("http://orders/status/200?token=secret");

        var (attempt, call) = (log.Ended[0], log.Ended[1]);
        Assert.Equal(2, log.Ended.Count);
        Assert.Equal(("GET", ActivityKind.Client, log.Root.SpanId), (call.DisplayName, call.Kind, call.ParentSpanId));
        Assert.Equal(("GET attempt", ActivityKind.Client, call.SpanId), (attempt.DisplayName, attempt.Kind, attempt.ParentSpanId));
        string[] request = ["http.request.method=GET", "http.response.status_code=200"];
        string[] server = ["server.address=orders", "server.port=80", "url.full=http://orders/status/200?*"];
        Assert.Equal([.. request, .. server], SpanLog.Tags(call));
        Assert.Equal(["""grpc.lb.locality={region="test", zone="", sub_zone=""}""", .. request, "mesh.cluster=orders-cluster", "network.peer.address=127.0.0.1", $"network.peer.port={backend.Port}", .. server], SpanLog.Tags(attempt));
        Assert.Equal($"00-{log.Root.TraceId}-{attempt.SpanId}-01", backend.LastRequest!.Headers["traceparent"]);
    }

    [Theory]
    [InlineData(StatusCode.OK, ActivityStatusCode.Unset)]
    [InlineData(StatusCode.ResourceExhausted, ActivityStatusCode.Error)]
    public async Task Unary_Ended_HasTheNamesAndTheStatusOfGrpc(StatusCode status, ActivityStatusCode expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new SpanLog(MeshTelemetry.ActivitySourceName);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        var failure = await Record.ExceptionAsync(async () => await client.UnaryAsync(new EchoRequest { FailWith = (int)status }));
        await Until.TrueAsync(() => log.Ended.Count == 2, "both spans end");

        Assert.Equal(status, (failure as RpcException)?.StatusCode ?? StatusCode.OK);
        var (attempt, call) = (log.Ended[0], log.Ended[1]);
        Assert.Matches(@"^Sent\.[\w.]+\.EchoService\.Unary$", call.DisplayName);
        Assert.Equal($"Attempt.{call.DisplayName["Sent.".Length..]}", attempt.DisplayName);
        Assert.Equal(call.SpanId, attempt.ParentSpanId);
        foreach (var span in log.Ended)
        {
            Assert.Equal(expected, span.Status);
            Assert.Equal((int)status, span.GetTagItem("rpc.grpc.status_code"));
            Assert.Equal(("grpc", "Unary"), (span.GetTagItem("rpc.system"), span.GetTagItem("rpc.method")));
            Assert.EndsWith("EchoService", (string?)span.GetTagItem("rpc.service"), StringComparison.Ordinal);
        }

        Assert.Equal("""{region="test", zone="", sub_zone=""}""", attempt.GetTagItem("grpc.lb.locality"));
        Assert.Equal((0, false), (attempt.GetTagItem("previous-rpc-attempts"), attempt.GetTagItem("transparent-retry")));
    }

    [Fact]
    public async Task Get_BodyReadInAnotherSpan_EndsWithItAndLeavesThatSpanTheCurrentOne()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new SpanLog(MeshTelemetry.ActivitySourceName);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead);
        var (atHeaders, currentAtHeaders) = (log.Ended.Count, Activity.Current);
        using var reading = new Activity("reading").Start();
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[16];
        while (body.Read(buffer) > 0)
        {
            // to its end
        }

        Assert.Same(log.Root, currentAtHeaders);
        Assert.Same(reading, Activity.Current);
        Assert.Equal((0, 2), (atHeaders, log.Ended.Count));
    }

    [Fact]
    public async Task Get_NoEndpoint_IsACallThatFailedWithoutAnAttempt()
    {
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders"));
        using var log = new SpanLog(MeshTelemetry.ActivitySourceName);

        await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.GetAsync(new Uri("http://orders/")));

        var call = Assert.Single(log.Ended);
        Assert.Equal(("GET", ActivityStatusCode.Error), (call.DisplayName, call.Status));
        Assert.Equal("no_healthy_endpoint", call.GetTagItem("error.type"));
    }

    [Fact]
    public async Task Get_ServerError_FailsBothSpans()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new SpanLog(MeshTelemetry.ActivitySourceName);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/status/503"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(["503", "503"], log.Ended.Select(static span => span.GetTagItem("error.type")));
        Assert.All(log.Ended, static span => Assert.Equal(ActivityStatusCode.Error, span.Status));
    }

    [Fact]
    public async Task Get_FirstEndpointRefuses_IsOneAttemptWithThePeerThatAnswered()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var resources = XdsResources.Service("orders", backend).SkipLast(1).Append(XdsResources.Endpoints("orders-cluster", ("127.0.0.1", 1), ("127.0.0.1", backend.Port)));
        await using var mesh = await MeshFixture.StartAsync(resources);
        using var log = new SpanLog(MeshTelemetry.ActivitySourceName);

        await mesh.BackendOfAsync("http://orders/");
        await mesh.BackendOfAsync("http://orders/");

        var attempts = log.Ended.Where(static span => span.DisplayName == "GET attempt").ToArray();
        Assert.Equal(2, attempts.Length);
        Assert.All(attempts, span => Assert.Equal(backend.Port, span.GetTagItem("network.peer.port")));
    }

    [Fact]
    public async Task Get_SystemNetHttpListenedToAsWell_BackendIsTheChildOfItsSpan()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new SpanLog(MeshTelemetry.ActivitySourceName, SystemNetHttp);

        await mesh.BackendOfAsync("http://orders/");

        var connection = Assert.Single(log.Ended, static span => span.Source.Name == SystemNetHttp);
        var attempt = Assert.Single(log.Ended, static span => span.DisplayName == "GET attempt");
        Assert.Equal(attempt.SpanId, connection.ParentSpanId);
        Assert.Equal($"00-{log.Root.TraceId}-{connection.SpanId}-01", backend.LastRequest!.Headers["traceparent"]);
    }

    [Fact]
    public async Task Send_SameRequestTwice_SecondDoesNotCarryTheSpanOfTheFirst()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new SpanLog(MeshTelemetry.ActivitySourceName);
        using var invoker = new HttpMessageInvoker(mesh.Mesh.CreateHandler());
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");

        var traceparents = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            using var response = await invoker.SendAsync(request, CancellationToken.None);
            await response.Content.ReadAsStringAsync();
            traceparents.Add(backend.LastRequest!.Headers["traceparent"]);
        }

        Assert.Equal(2, traceparents.Distinct().Count());
        Assert.Empty(request.Headers);
    }

    [Fact]
    public async Task Send_CallersOwnTraceparent_IsSentAsItIs()
    {
        const string Own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var log = new SpanLog(MeshTelemetry.ActivitySourceName);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { { "traceparent", Own } } };

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal(Own, backend.LastRequest!.Headers["traceparent"]);
        Assert.Equal(Own, Assert.Single(request.Headers.GetValues("traceparent")));
    }
}
