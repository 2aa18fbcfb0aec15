using System.Globalization;
using System.Net;
using Envoy.Config.Route.V3;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>How long a request may take by its route, over real sockets, under a clock of the test's.</summary>
public sealed class TimeoutTests
{
    private const string Timeout2 = """ "timeout": "2s" """;
    private const string Stream2 = """ "maxStreamDuration": {"maxStreamDuration": "2s"} """;

    private readonly FakeTimeProvider _clock = new();

    public static TheoryData<string, double, string> Limits => new()
    {
        { Timeout2, 2, "timeout" },
        { Stream2, 2, "max_stream_duration" },
        { """ "priority": "DEFAULT" """, 15, "timeout" },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task Send_NoResponseInTime_FailsAtTheLimitAndGivesTheLeaseBack(string fields, double seconds, string word)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, fields);

        var sending = mesh.Client.GetAsync(new Uri("http://orders/slow"));
        await backend.Gate.ArrivedAsync();
        _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        var isEarly = sending.IsCompleted;
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => sending.WaitAsync(TestTimeouts.Default));

        Assert.False(isEarly);
        Assert.Equal(MeshFailureReason.Timeout, exception.Reason);
        Assert.Equal(HttpStatusCode.GatewayTimeout, exception.StatusCode);
        Assert.Contains($"{seconds} s ({word})", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Theory]
    [InlineData(""" "timeout": "0s" """)]
    [InlineData(""" "maxStreamDuration": {"maxStreamDuration": "0s"} """)]
    [InlineData(""" "timeout": "1s", "maxStreamDuration": {} """)]
    public async Task Send_NoLimit_WaitsForTheResponse(string fields)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, fields);

        var sending = mesh.Client.GetAsync(new Uri("http://orders/slow"));
        await backend.Gate.ArrivedAsync();
        _clock.Advance(TimeSpan.FromHours(1));
        backend.Gate.Open();
        using var response = await sending.WaitAsync(TestTimeouts.Default);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(BackendProtocol.Http1, true)]
    [InlineData(BackendProtocol.Http1, false)]
    [InlineData(BackendProtocol.Http2, true)]
    [InlineData(BackendProtocol.Http2, false)]
    public async Task Read_BodyNotEndedInTime_FailsWithTheSameExceptionAndGivesTheLeaseBack(BackendProtocol protocol, bool isReading)
    {
        await using var backend = await Backend.StartAsync("b1", protocol);
        await using var mesh = await StartAsync(backend, Timeout2);
        using var request = Get("http://orders/stream", protocol);

        using var response = await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var stream = await backend.NextStreamAsync();
        stream.Write("first");
        using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[5];
        await body.ReadExactlyAsync(buffer);
        using var reader = new CancellationTokenSource();
        var reading = isReading ? body.ReadAsync(buffer, reader.Token).AsTask() : null;
        _clock.Advance(TimeSpan.FromSeconds(2));
        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => (reading ?? body.ReadAsync(buffer, reader.Token).AsTask()).WaitAsync(TestTimeouts.Default));

        Assert.Equal(MeshFailureReason.Timeout, exception.Reason);
        Assert.Equal("first"u8.ToArray(), buffer);
        await Until.TrueAsync(() => mesh.ActiveRequests == 0);
        await Until.TrueAsync(() => stream.IsAborted, "the backend learns of it");
        await Assert.ThrowsAsync<MeshRequestException>(() => body.ReadAsync(buffer, 0, 1));
    }

    [Fact]
    public async Task Read_BufferedBodyNotEndedInTime_FailsWithTheSameException()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, Timeout2);

        var getting = mesh.Client.GetStringAsync(new Uri("http://orders/stream"));
        (await backend.NextStreamAsync()).Write("first");
        await Until.TrueAsync(() => mesh.ActiveRequests == 1);
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(MeshFailureReason.Timeout, (await Assert.ThrowsAsync<MeshRequestException>(() => getting.WaitAsync(TestTimeouts.Default))).Reason);
    }

    [Fact]
    public async Task Read_TimeIsOverBeforeTheBodyIsLookedAt_FailsWithTheSameException()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, Timeout2);
        using var request = Get("http://orders/stream", BackendProtocol.Http1);

        using var response = await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        _clock.Advance(TimeSpan.FromSeconds(2));
        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => response.Content.ReadAsStringAsync());

        Assert.Equal(MeshFailureReason.Timeout, exception.Reason);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Read_BodyInTime_IsReadToItsEndManyTimesOver()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, Timeout2);

        for (var i = 0; i < 20; i++)
        {
            // Each request has the whole time, though they share what measures it.
            _clock.Advance(TimeSpan.FromSeconds(1.5));
            using var content = new StringContent("body");
            using var response = i % 2 == 0 ? await mesh.Client.GetAsync(new Uri("http://orders/")) : await mesh.Client.PostAsync(new Uri("http://orders/"), content);
            Assert.Equal(i % 2 == 0 ? "" : "body", await response.Content.ReadAsStringAsync());
        }

        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Read_ReaderCancelsOneRead_ReadsOnOverHttp2()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(backend, Timeout2);
        using var request = Get("http://orders/stream", BackendProtocol.Http2);
        using var response = await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var stream = await backend.NextStreamAsync();
        using var body = await response.Content.ReadAsStreamAsync();
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var buffer = new byte[4];

        var reading = body.ReadAsync(buffer, first.Token).AsTask();
        await first.CancelAsync();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(TestTimeouts.Default));

        Assert.Equal(first.Token, cancelled.CancellationToken);
        Assert.False(stream.IsAborted);
    }

    [Fact]
    public async Task Send_CallerCancels_GetsACancellationOfItsOwn()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, Timeout2);
        using var invoker = new HttpMessageInvoker(mesh.Mesh.CreateHandler());
        using var request = Get("http://orders/slow", BackendProtocol.Http1);
        using var patience = new CancellationTokenSource();

        var sending = invoker.SendAsync(request, patience.Token);
        await backend.Gate.ArrivedAsync();
        await patience.CancelAsync();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(TestTimeouts.Default));

        Assert.Equal(patience.Token, exception.CancellationToken);
        Assert.Equal(0, mesh.ActiveRequests);
    }

    [Fact]
    public async Task Send_BodyTakesLongerThanTheTimeout_TheTimeoutBeginsWhenItIsSent()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, Timeout2);
        using var content = new GatedContent();

        var sending = mesh.Client.PostAsync(new Uri("http://orders/slow"), content);
        await backend.Gate.ArrivedAsync();
        _clock.Advance(TimeSpan.FromMinutes(1));
        var isEarly = sending.IsCompleted;
        content.Gate.Open();
        await content.Sent.WaitAsync(TestTimeouts.Default);
        await Until.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(2));
            return sending.IsCompleted;
        });

        Assert.False(isEarly);
        Assert.Equal(MeshFailureReason.Timeout, (await Assert.ThrowsAsync<MeshRequestException>(() => sending)).Reason);
    }

    [Fact]
    public async Task Send_ClusterDoesNotComeInTime_FailsAndSaysSo()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, Timeout2, cluster: "nowhere");

        var sending = mesh.Client.GetAsync(new Uri("http://orders/"));
        await (await mesh.StreamAsync()).NextRequestAsync(ResourceTypes.Cluster);
        await Until.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return sending.IsCompleted;
        });

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => sending);
        Assert.Equal(MeshFailureReason.Timeout, exception.Reason);
        Assert.Contains("cluster", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_ListenerLimitsStreams_RouteWithoutALimitHasThatOne()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, """ "timeout": "0s" """, """ "commonHttpProtocolOptions": {"maxStreamDuration": "3s"}, """);

        var sending = mesh.Client.GetAsync(new Uri("http://orders/slow"));
        await backend.Gate.ArrivedAsync();
        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Contains("3 s (max_stream_duration)", (await Assert.ThrowsAsync<MeshRequestException>(() => sending.WaitAsync(TestTimeouts.Default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_StreamTooLong_EndsWithDeadlineExceeded()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(backend, Stream2);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using var unary = client.UnaryAsync(new EchoRequest { WaitAtGate = true });
        await backend.Gate.ArrivedAsync();
        using var bidi = client.Bidi();
        await bidi.RequestStream.WriteAsync(new EchoRequest { Message = "one" });
        Assert.True(await bidi.ResponseStream.MoveNext(CancellationToken.None));
        _clock.Advance(TimeSpan.FromSeconds(2));

        var first = await Assert.ThrowsAsync<RpcException>(() => unary.ResponseAsync.WaitAsync(TestTimeouts.Default));
        var second = await Assert.ThrowsAsync<RpcException>(() => bidi.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(TestTimeouts.Default));
        Assert.Equal(StatusCode.DeadlineExceeded, first.StatusCode);
        Assert.Equal(StatusCode.DeadlineExceeded, second.StatusCode);
        Assert.Contains("max_stream_duration", second.Status.Detail, StringComparison.Ordinal);
        await Until.TrueAsync(() => mesh.ActiveRequests == 0);
    }

    [Fact]
    public async Task Call_RouteTimeoutOfAGrpcControlPlane_MeansNothing()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(backend, Timeout2);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using var call = client.UnaryAsync(new EchoRequest { WaitAtGate = true, Message = "hello" });
        await backend.Gate.ArrivedAsync();
        _clock.Advance(TimeSpan.FromHours(1));
        backend.Gate.Open();

        Assert.Equal("hello", (await call.ResponseAsync.WaitAsync(TestTimeouts.Default)).Message);
        Assert.DoesNotContain("x-envoy-expected-rq-timeout-ms", backend.LastRequest!.Headers.Keys);
    }

    /// <summary>Each row: what the route says, the caller's deadline in seconds, and the <c>grpc-timeout</c> that the backend sees.</summary>
    public static TheoryData<string, int?, string?> GrpcTimeouts => new()
    {
        { Stream2, null, "2000m" },
        { Stream2, 3600, "2000m" },
        { """ "maxStreamDuration": {"grpcTimeoutHeaderMax": "1.5s", "maxStreamDuration": "9s"} """, 3600, "1500m" },
        { """ "maxStreamDuration": {"grpcTimeoutHeaderMax": "0s", "maxStreamDuration": "9s"} """, null, null },
        { """ "timeout": "1s" """, null, null },
    };

    [Theory]
    [MemberData(nameof(GrpcTimeouts))]
    public async Task Call_LimitedByTheRoute_TheBackendHearsOfWhatIsLeft(string fields, int? deadline, string? expected)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await StartAsync(backend, fields);
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        await client.UnaryAsync(new EchoRequest(), deadline: deadline is null ? null : TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(deadline.Value));

        Assert.Equal(expected, backend.LastRequest!.Headers.GetValueOrDefault("grpc-timeout"));
    }

    /// <summary>Each row: what the route says, whether the routes come late or the cluster, and what is left of a minute after ten seconds.</summary>
    public static TheoryData<string, bool, int> Waits => new()
    {
        { """ "timeout": "0s" """, true, 50 },
        { """ "timeout": "0s" """, false, 50 },
        { """ "maxStreamDuration": {"maxStreamDuration": "55s"} """, true, 50 },
        { """ "maxStreamDuration": {"maxStreamDuration": "55s"} """, false, 45 },
        { """ "maxStreamDuration": {"maxStreamDuration": "30s"} """, true, 30 },
        { """ "maxStreamDuration": {"maxStreamDuration": "70s"} """, true, 50 },
    };

    [Theory]
    [MemberData(nameof(Waits))]
    public async Task Call_WaitedForConfiguration_TheBackendHearsOfWhatIsLeft(string fields, bool isRoutesLate, int left)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        var routes = $$"""{"name": "r", "virtualHosts": [{"name": "orders", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c", {{fields}} } }]}]}""";
        var late = isRoutesLate ? Any.Pack(JsonParser.Default.Parse<RouteConfiguration>(routes)) : XdsResources.Endpoints("c", backend);
        await using var mesh = await MeshFixture.StartAsync(
            _clock,
            XdsResources.Listener("orders", "r"),
            XdsResources.Cluster("c"),
            isRoutesLate ? XdsResources.Endpoints("c", backend) : Any.Pack(JsonParser.Default.Parse<RouteConfiguration>(routes)));
        var client = mesh.Grpc("xds:///orders", out var channel);
        using var _ = channel;

        using var call = client.UnaryAsync(new EchoRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));
        await (await mesh.StreamAsync()).NextRequestAsync(isRoutesLate ? ResourceTypes.RouteConfiguration : ResourceTypes.ClusterLoadAssignment);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await mesh.ControlPlane.SetAsync(late);
        await call.ResponseAsync.WaitAsync(TestTimeouts.Default);

        var told = backend.LastRequest!.Headers["grpc-timeout"];
        Assert.EndsWith("m", told, StringComparison.Ordinal);
        Assert.InRange(int.Parse(told[..^1], CultureInfo.InvariantCulture), (left - 20) * 1000, left * 1000); // the caller's minute is of the real clock
    }

    /// <summary>Each row: what the route and its virtual host say, and what the backend is told.</summary>
    public static TheoryData<string, string, string?, string?> Told => new()
    {
        { Timeout2, "", "2000", null },
        { """ "priority": "DEFAULT" """, "", "15000", null },
        { """ "timeout": "0s" """, "", null, null },
        { Stream2, "", null, null },
        { """ "timeout": "0s" """, """ "includeRequestAttemptCount": true, """, null, "1" },
        { """ "timeout": "0s" """, """ "includeRequestAttemptCount": true, "responseHeadersToAdd": [{"header": {"key": "x-a", "value": "b"}}], """, null, "1" },
        { """ "timeout": "2s", "prefixRewrite": "/" """, """ "includeRequestAttemptCount": true, """, "2000", "1" },
    };

    [Theory]
    [MemberData(nameof(Told))]
    public async Task Send_TimeoutAndAttempts_BackendIsToldAndTheRequestStaysAsItWas(string fields, string hostFields, string? timeout, string? attempts)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(backend, fields, hostFields: hostFields);
        using var plain = Get("http://orders/", BackendProtocol.Http1);
        using var lying = Get("http://orders/", BackendProtocol.Http1);
        lying.Headers.Add("x-envoy-attempt-count", "7");
        lying.Headers.Add("x-envoy-expected-rq-timeout-ms", "7");
        var before = (plain.ToString(), lying.ToString());

        using var response = await mesh.Client.SendAsync(plain);
        var seen = backend.LastRequest!.Headers;
        using var second = await mesh.Client.SendAsync(lying);
        var seenToo = backend.LastRequest!.Headers;

        Assert.Equal((timeout, attempts), (seen.GetValueOrDefault("x-envoy-expected-rq-timeout-ms"), seen.GetValueOrDefault("x-envoy-attempt-count")));
        Assert.Equal((timeout ?? "7", attempts ?? "7"), (seenToo.GetValueOrDefault("x-envoy-expected-rq-timeout-ms"), seenToo.GetValueOrDefault("x-envoy-attempt-count")));
        Assert.Equal(before, (plain.ToString(), lying.ToString()));
        Assert.Same(plain, response.RequestMessage);
    }

    private static HttpRequestMessage Get(string uri, BackendProtocol protocol) => new(HttpMethod.Get, uri)
    {
        Version = protocol == BackendProtocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private Task<MeshFixture> StartAsync(Backend backend, string fields, string managerFields = "", string hostFields = "", string cluster = "c")
    {
        var routes = $$"""{"name": "routes", "virtualHosts": [{"name": "orders", "domains": ["*"], {{hostFields}} "routes": [{"name": "r1", "match": {"prefix": "/"}, "route": {"cluster": "{{cluster}}", {{fields}} } }]}]}""";
        return MeshFixture.StartAsync(_clock, Listeners.Of("orders", routes, managerFields), XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend));
    }

    /// <summary>A body that is held back in the middle.</summary>
    private sealed class GatedContent : HttpContent
    {
        private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Gate Gate { get; } = new();

        public Task Sent => _sent.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("a"u8.ToArray());
            await stream.FlushAsync();
            await Gate.PassAsync(CancellationToken.None);
            await stream.WriteAsync("b"u8.ToArray());
            _sent.SetResult();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            Gate.Dispose();
            base.Dispose(disposing);
        }
    }
}
