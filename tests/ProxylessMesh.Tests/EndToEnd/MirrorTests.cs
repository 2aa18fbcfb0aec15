using System.Collections.Concurrent;
using System.Net;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Filters.Http.Fault.V3;
using Envoy.Extensions.Filters.Network.HttpConnectionManager.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ProxylessMesh.Http;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Telemetry;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Copies of requests, over real sockets: what they are, and that nothing that becomes of them reaches the request.</summary>
public sealed class MirrorTests
{
    private static readonly Uri Orders = new("http://orders/a?b=c");

    [Theory]
    [InlineData("""{"cluster": "m"}""", "http://orders/", null, "orders-shadow")]
    [InlineData("""{"cluster": "m"}""", "http://orders/", "other:8080", "other-shadow:8080")]
    [InlineData("""{"cluster": "m", "disableShadowHostSuffixAppend": true}""", "http://orders/", null, "orders")]
    [InlineData("""{"cluster": "m", "hostRewriteLiteral": "copies.example"}""", "http://orders/", null, "copies.example")]
    [InlineData("""{"clusterHeader": "x-to"}""", "http://orders/", null, "orders-shadow")]
    public async Task Send_Policy_TheCopyIsTheChangedRequestUnderItsHost(string policy, string uri, string? ownHost, string host)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var copies = await Backend.StartAsync("m1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, copies, policy, """ "requestHeadersToAdd": [{"header": {"key": "x-added", "value": "%REQ(:path)%"}}], """);
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(new Uri(uri), "a?b=c")) { Content = new StringContent("body"), Headers = { { "x-to", "m" }, { "x-own", "1" } } };
        request.Headers.Host = ownHost;

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal("b1", response.Headers.GetValues("x-backend").Single());
        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Same(request, response.RequestMessage);
        await Until.TrueAsync(() => copies.LastRequest is not null);
        var copy = copies.LastRequest!;
        Assert.Equal((host, "PUT", "/a?b=c", "/a?b=c", "1", "4"), (copy.Host, copy.Method, copy.PathAndQuery, copy.Headers["x-added"], copy.Headers["x-own"], copy.Headers["Content-Length"]));
        Assert.Equal(ownHost ?? "orders", backend.LastRequest!.Host);
        Assert.Equal(1, backend.RequestCount);
    }

    [Fact]
    public async Task Send_FractionsOfAllAndNone_OnlyTheDrawnGetCopies()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var copies = await Backend.StartAsync("m1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, copies, """
            {"cluster": "m", "runtimeFraction": {"defaultValue": {"numerator": 0}}}, {"cluster": "m", "runtimeFraction": {"defaultValue": {"numerator": 100}}}
            """);

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("b1", await mesh.BackendOfAsync("http://orders/"));
        }

        await Until.TrueAsync(() => copies.RequestCount == 20);
    }

    /// <summary>Bodies that are in memory, that come as a stream, and that nobody knows, small and far beyond what is kept.</summary>
    [Theory]
    [InlineData(BackendProtocol.Http1, 10)]
    [InlineData(BackendProtocol.Http1, 3_000_000)]
    [InlineData(BackendProtocol.Http2, 10)]
    [InlineData(BackendProtocol.Http2, 3_000_000)]
    public async Task Send_Bodies_ReachBothInFull(BackendProtocol protocol, int size)
    {
        byte[] bytes = [.. Enumerable.Range(0, size).Select(static i => (byte)(i * 31 % 251))];
        var received = new ConcurrentQueue<byte[]>();
        await using var backend = await HandlerBackend.StartAsync(protocol, context => KeepAsync(context, null));
        await using var copies = await HandlerBackend.StartAsync(protocol, context => KeepAsync(context, received));
        await using var mesh = await StartAsync(("127.0.0.1", backend.Port), ("127.0.0.1", copies.Port), """{"cluster": "m"}""");
        HttpContent[] bodies = [new ByteArrayContent(bytes), new StreamContent(new MemoryStream(bytes)), new Messages.WrittenContent(async (stream, token) => await stream.WriteAsync(bytes, token))];

        foreach (var body in bodies)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Orders)
            {
                Content = body,
                Version = protocol == BackendProtocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };

            using var response = await mesh.Client.SendAsync(request);

            Assert.Equal(bytes, await response.Content.ReadAsByteArrayAsync());
        }

        // A copy that does not keep up is cut off: a small one always does, and one that is in memory.
        var expected = size < 1000 ? 3 : 1;
        await Until.TrueAsync(() => received.Count(copy => copy.AsSpan().SequenceEqual(bytes)) >= expected);
    }

    /// <summary>Each row: what copies meet. None of it reaches the requests, with bodies of each kind and beyond what is kept.</summary>
    [Theory]
    [InlineData("never answers")]
    [InlineData("never reads")]
    [InlineData("breaks off")]
    [InlineData("answers 500")]
    [InlineData("refuses connections")]
    [InlineData("accepts and is silent")]
    [InlineData("does not exist")]
    [InlineData("has not come")]
    public async Task Send_CopiesMeetTrouble_RequestsAreNotAffected(string trouble)
    {
        byte[] bytes = [.. Enumerable.Range(0, 500_000).Select(static i => (byte)(i * 31 % 251))];
        var isOver = new TaskCompletionSource();
        await using var backend = await HandlerBackend.StartAsync(BackendProtocol.Http1, context => KeepAsync(context, null));
        await using var copies = await HandlerBackend.StartAsync(BackendProtocol.Http1, async context =>
        {
            switch (trouble)
            {
                case "never answers":
                    await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
                    await isOver.Task.WaitAsync(context.RequestAborted);
                    break;
                case "never reads":
                    await isOver.Task.WaitAsync(context.RequestAborted);
                    break;
                case "breaks off":
                    context.Abort();
                    break;
                default:
                    context.Response.StatusCode = 500;
                    break;
            }
        });
        await using var silent = StalledServer.Start();
        var port = trouble switch
        {
            "refuses connections" => 1,
            "accepts and is silent" => silent.Port,
            _ => copies.Port,
        };
        var policy = trouble switch
        {
            "does not exist" => """{"clusterHeader": "x-none"}""",
            "has not come" => """{"cluster": "nowhere"}""",
            _ => """{"cluster": "m"}""",
        };
        await using var mesh = await StartAsync(("127.0.0.1", backend.Port), ("127.0.0.1", port), policy);

        for (var i = 0; i < 20; i++)
        {
            using HttpContent body = (i % 4) switch
            {
                0 => new ByteArrayContent(bytes),
                1 => new StreamContent(new MemoryStream(bytes)),
                2 => new Messages.WrittenContent(async (stream, token) =>
                {
                    for (var at = 0; at < bytes.Length; at += 10_000)
                    {
                        await stream.WriteAsync(bytes.AsMemory(at, 10_000), token);
                    }
                }),
                _ => new StringContent(""),
            };
            using var response = await mesh.Client.PostAsync(Orders, body);

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(i % 4 == 3 ? [] : bytes, await response.Content.ReadAsByteArrayAsync());
        }

        isOver.SetResult();
    }

    [Fact]
    public async Task Send_MoreCopiesThanTheBound_TheRestIsDropped()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, backend, string.Join(',', Enumerable.Repeat("""{"cluster": "nowhere"}""", 50)));
        using var metrics = new MeasurementLog(mesh.Mesh.Runtime.Meter);

        for (var i = 0; i < (RequestMirrors.Capacity / 50) + 2; i++)
        {
            Assert.Equal("b1", await mesh.BackendOfAsync("http://orders/"));
        }

        Assert.Contains("mesh.client.mirrored{mesh.cluster=nowhere,mesh.mirror.outcome=dropped}", metrics.Series("mesh.client.mirrored"));
    }

    [Fact]
    public async Task Send_CopiesAnsweredAndNot_AreCounted()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var copies = await Backend.StartAsync("m1", BackendProtocol.Http1);
        await using var mesh = await StartAsync((backend.Address, backend.Port), (copies.Address, copies.Port), """{"cluster": "m"}, {"clusterHeader": "x-none"}""");
        using var metrics = new MeasurementLog(mesh.Mesh.Runtime.Meter);

        await mesh.BackendOfAsync("http://orders/");
        await Until.TrueAsync(() => metrics.Series("mesh.client.mirrored").Count() == 2);
        await copies.KillAsync();
        await mesh.BackendOfAsync("http://orders/");
        await Until.TrueAsync(() => metrics.Series("mesh.client.mirrored").Count() == 4);

        Assert.Equal(
            [
                "mesh.client.mirrored{mesh.cluster=,mesh.mirror.outcome=dropped}",
                "mesh.client.mirrored{mesh.cluster=,mesh.mirror.outcome=dropped}",
                "mesh.client.mirrored{mesh.cluster=m,mesh.mirror.outcome=failed}",
                "mesh.client.mirrored{mesh.cluster=m,mesh.mirror.outcome=sent}",
            ],
            metrics.Series("mesh.client.mirrored").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Dispose_CopiesUnderWay_AreBrokenOff()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var arrived = new TaskCompletionSource();
        var brokenOff = new TaskCompletionSource();
        await using var copies = await HandlerBackend.StartAsync(BackendProtocol.Http1, context =>
        {
            context.RequestAborted.Register(brokenOff.SetResult);
            arrived.SetResult();
            return brokenOff.Task;
        });
        var mesh = await StartAsync((backend.Address, backend.Port), ("127.0.0.1", copies.Port), """{"cluster": "m"}""");
        Assert.Equal("b1", await mesh.BackendOfAsync("http://orders/"));
        await arrived.Task.WaitAsync(TestTimeouts.Default);

        await mesh.DisposeAsync();

        await brokenOff.Task.WaitAsync(TestTimeouts.Default);
    }

    [Fact]
    public async Task Call_EachShape_BothGetEveryMessage()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var copies = await Backend.StartAsync("m1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(backend, copies, """{"cluster": "m"}""");
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;
        var deadline = TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default;

        Assert.Equal("hello", (await client.UnaryAsync(new EchoRequest { Message = "hello" }, deadline: deadline)).Message);
        using (var stream = client.ClientStream(deadline: deadline))
        {
            await stream.RequestStream.WriteAsync(new EchoRequest { Message = "a" });
            await stream.RequestStream.WriteAsync(new EchoRequest { Message = "b" });
            await stream.RequestStream.CompleteAsync();
            Assert.Equal("a,b", (await stream).Message);
        }

        using (var bidi = client.Bidi(deadline: deadline))
        {
            for (var i = 1; i <= 200; i++)
            {
                await bidi.RequestStream.WriteAsync(new EchoRequest { Message = new string('x', 2000) });
                Assert.True(await bidi.ResponseStream.MoveNext());
                Assert.Equal(("b1", i), (bidi.ResponseStream.Current.Backend, bidi.ResponseStream.Current.Received));
            }

            await bidi.RequestStream.CompleteAsync();
            Assert.False(await bidi.ResponseStream.MoveNext());
        }

        await Until.TrueAsync(() => copies.RequestCount == 3);
        Assert.All(copies.Hosts, host => Assert.Equal("orders-shadow", host));
        Assert.Equal(3, backend.RequestCount);
    }

    /// <summary>Streams that were open before keep what they began with; those opened meanwhile and afterwards work as well.</summary>
    [Fact]
    public async Task Call_HundredStreamsAcrossPolicyChanges_NoneBreaks()
    {
        const int Streams = 100;
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var copies = await Backend.StartAsync("m1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(backend, copies, "");
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;
        using var end = new CancellationTokenSource(TestTimeouts.Default, TimeProvider.System);
        var rounds = new int[Streams];
        var isOver = 0;
        var streams = Enumerable.Range(0, Streams).Select(i => Task.Run(async () =>
        {
            // Every other one is opened anew all the time.
            while (Volatile.Read(ref isOver) == 0)
            {
                using var call = client.Bidi(cancellationToken: end.Token);
                for (var message = 1; Volatile.Read(ref isOver) == 0 && (i % 2 == 0 || message <= 5); message++)
                {
                    await call.RequestStream.WriteAsync(new EchoRequest { Message = $"{i}.{message}" }, end.Token);
                    Assert.True(await call.ResponseStream.MoveNext(end.Token));
                    Assert.Equal(($"{i}.{message}", message), (call.ResponseStream.Current.Message, call.ResponseStream.Current.Received));
                    Interlocked.Increment(ref rounds[i]);
                }

                await call.RequestStream.CompleteAsync();
                Assert.False(await call.ResponseStream.MoveNext(end.Token));
            }
        })).ToArray();

        (string Policies, string Fault)[] changes =
        [
            (""" "requestMirrorPolicies": [{"cluster": "m"}] """, """ "delay": {"fixedDelay": "0.001s", "percentage": {"numerator": 100}} """),
            (""" "requestMirrorPolicies": [{"cluster": "m"}], "retryPolicy": {"retryOn": "unavailable,cancelled", "numRetries": 3} """, """ "abort": {"grpcStatus": 13, "percentage": {"numerator": 0}} """),
            (""" "retryPolicy": {"retryOn": "unavailable", "numRetries": 1, "retryBackOff": {"baseInterval": "0.010s"}}, "requestMirrorPolicies": [{"cluster": "nowhere"}] """, ""),
            (""" "hedgePolicy": {"hedgeOnPerTryTimeout": true}, "requestMirrorPolicies": [{"cluster": "m", "runtimeFraction": {"defaultValue": {"numerator": 50}}}, {"cluster": "m"}] """,
                """ "delay": {"fixedDelay": "0.002s", "percentage": {"numerator": 50}}, "maxActiveFaults": 5 """),
            ("", ""),
        ];
        foreach (var (policies, fault) in changes)
        {
            var before = rounds.ToArray();
            await mesh.ControlPlane.SetAsync(WithFault(Routes(policies, ""), fault));
            await Until.TrueAsync(() => streams.Any(static stream => stream.IsFaulted) || rounds.Zip(before).All(static pair => pair.First >= pair.Second + 3), "every stream goes on");
        }

        Volatile.Write(ref isOver, 1);
        await Task.WhenAll(streams).WaitAsync(TestTimeouts.Default);

        Assert.Empty(mesh.ControlPlane.Nacks);
        Assert.True(copies.RequestCount > 0);
    }

    [Theory]
    [InlineData("orders", "orders-shadow")]
    [InlineData("orders:8080", "orders-shadow:8080")]
    [InlineData("[::1]", "[::1]-shadow")]
    [InlineData("[::1]:80", "[::1]-shadow:80")]
    public void WithSuffix_Host_StandsBeforeThePort(string host, string expected) => Assert.Equal(expected, MirroredRequest.WithSuffix(host));

    private static async Task KeepAsync(HttpContext context, ConcurrentQueue<byte[]>? received)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        received?.Enqueue(body.ToArray());
        await context.Response.Body.WriteAsync(body.ToArray(), context.RequestAborted);
    }

    private static Task<MeshFixture> StartAsync(Backend backend, Backend copies, string policies, string routeFields = "")
        => StartAsync((backend.Address, backend.Port), (copies.Address, copies.Port), policies, routeFields);

    /// <summary>A mesh in which the host <c>orders</c> leads to one endpoint, and the cluster <c>m</c> to the other.</summary>
    private static Task<MeshFixture> StartAsync((string Address, int Port) backend, (string Address, int Port) copies, string policies, string routeFields = "")
        => MeshFixture.StartAsync(
            XdsResources.Listener("orders", "routes", new HttpFilter { Name = "fault", TypedConfig = Any.Pack(new HTTPFault()) }),
            Routes($$""" "requestMirrorPolicies": [{{policies}}] """, routeFields),
            XdsResources.Cluster("c"),
            XdsResources.Endpoints("c", backend),
            XdsResources.Cluster("m"),
            XdsResources.Endpoints("m", copies));

    /// <summary>The routes with a fault on each, or none.</summary>
    private static Any WithFault(Any routes, string fault)
    {
        var unpacked = routes.Unpack<RouteConfiguration>();
        foreach (var route in unpacked.VirtualHosts.SelectMany(static host => host.Routes).Where(_ => fault.Length > 0))
        {
            route.TypedPerFilterConfig.Add("fault", Any.Pack(JsonParser.Default.Parse<HTTPFault>($"{{{fault}}}")));
        }

        return Any.Pack(unpacked);
    }

    private static Any Routes(string actionFields, string routeFields) => Any.Pack(JsonParser.Default.Parse<RouteConfiguration>(
        $$"""
        {"name": "routes", "virtualHosts": [{"name": "orders", "domains": ["*"], "routes": [
          {"match": {"prefix": "/"}, {{routeFields}} "route": {"cluster": "c", "timeout": "0s"{{(actionFields.Length > 0 ? "," : "")}} {{actionFields}} } }]}]}
        """));
}
