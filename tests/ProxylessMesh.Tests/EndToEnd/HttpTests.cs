using System.Diagnostics;
using System.Net;
using System.Text;
using System.Threading.Channels;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>HTTP requests through the mesh, over real sockets.</summary>
public sealed class HttpTests
{
    [Theory]
    [InlineData(BackendProtocol.Http1, "1.1")]
    [InlineData(BackendProtocol.Http2, "2.0")]
    public async Task Send_ServiceRoutedByXds_ReachesTheBackendUnderTheServicesName(BackendProtocol protocol, string version)
    {
        await using var backend = await Backend.StartAsync("b1", protocol);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://orders/items?id=7")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent("body"),
        };

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Version.Parse(version), response.Version);
        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Equal("orders", backend.LastRequest!.Host);
        Assert.Equal("/items?id=7", backend.LastRequest.PathAndQuery);
        Assert.Empty(mesh.ControlPlane.Nacks);
    }

    [Fact]
    public async Task Send_UriWithPort_AsksForThatListenerAndKeepsThePort()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders:8080", backend));

        var answered = await mesh.BackendOfAsync("http://orders:8080/");

        Assert.Equal("b1", answered);
        Assert.Equal("orders:8080", backend.LastRequest!.Host);
    }

    [Fact]
    public async Task Send_OwnHostHeader_IsSentAndChoosesTheVirtualHost()
    {
        await using var one = await Backend.StartAsync("one", BackendProtocol.Http1);
        await using var two = await Backend.StartAsync("two", BackendProtocol.Http1);
        var routes = XdsResources.RouteConfiguration("r", "orders", XdsResources.Route("/", "c1"));
        routes.VirtualHosts.Add(XdsResources.RouteConfiguration("r2", "other.example", XdsResources.Route("/", "c2")).VirtualHosts[0]);
        await using var mesh = await MeshFixture.StartAsync(
            XdsResources.InlineListener("orders", routes),
            XdsResources.Cluster("c1"), XdsResources.Endpoints("c1", one),
            XdsResources.Cluster("c2"), XdsResources.Endpoints("c2", two));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { Host = "other.example" } };

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal("two", response.Headers.GetValues("x-backend").Single());
        Assert.Equal("other.example", two.LastRequest!.Host);
    }

    [Fact]
    public async Task Send_ByPathPathRegexAndHeader_TakesTheFirstRouteThatMatches()
    {
        await using var a = await Backend.StartAsync("a", BackendProtocol.Http1);
        await using var b = await Backend.StartAsync("b", BackendProtocol.Http1);
        var exact = XdsResources.Route("", "ca");
        exact.Match = new Envoy.Config.Route.V3.RouteMatch { Path = "/exact" };
        var regex = XdsResources.Route("", "ca");
        regex.Match = new Envoy.Config.Route.V3.RouteMatch { SafeRegex = new Envoy.Type.Matcher.V3.RegexMatcher { Regex = "/item/[0-9]+" } };
        var header = XdsResources.Route("/", "ca");
        header.Match.Headers.Add(new Envoy.Config.Route.V3.HeaderMatcher { Name = "x-canary", StringMatch = new Envoy.Type.Matcher.V3.StringMatcher { Exact = "yes" } });
        await using var mesh = await MeshFixture.StartAsync(
            XdsResources.Listener("orders", "r"),
            XdsResources.Routes("r", exact, regex, header, XdsResources.Route("/prefix", "ca"), XdsResources.Route("/", "cb")),
            XdsResources.Cluster("ca"), XdsResources.Endpoints("ca", a),
            XdsResources.Cluster("cb"), XdsResources.Endpoints("cb", b));
        using var canary = new HttpRequestMessage(HttpMethod.Get, "http://orders/") { Headers = { { "X-Canary", "yes" } } };

        using var canaryResponse = await mesh.Client.SendAsync(canary);

        Assert.Equal("a", canaryResponse.Headers.GetValues("x-backend").Single());
        Assert.Equal("a", await mesh.BackendOfAsync("http://orders/exact?q=1"));
        Assert.Equal("b", await mesh.BackendOfAsync("http://orders/exact/no"));
        Assert.Equal("a", await mesh.BackendOfAsync("http://orders/item/42"));
        Assert.Equal("b", await mesh.BackendOfAsync("http://orders/item/42x"));
        Assert.Equal("a", await mesh.BackendOfAsync("http://orders/prefix-and-more"));
        Assert.Equal("b", await mesh.BackendOfAsync("http://orders/"));
    }

    [Fact]
    public async Task Send_WeightedClusters_SharesRequestsByWeight()
    {
        await using var v1 = await Backend.StartAsync("v1", BackendProtocol.Http1);
        await using var v2 = await Backend.StartAsync("v2", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(
            XdsResources.Listener("orders", "r"),
            XdsResources.Routes("r", XdsResources.Route("/", ("c1", 90u), ("c2", 10u))),
            XdsResources.Cluster("c1"), XdsResources.Endpoints("c1", v1),
            XdsResources.Cluster("c2"), XdsResources.Endpoints("c2", v2));

        for (var i = 0; i < 1000; i++)
        {
            await mesh.BackendOfAsync("http://orders/");
        }

        // 100 expected, standard deviation 9.5: six of them either way.
        Assert.InRange(v2.RequestCount, 43, 157);
        Assert.Equal(1000, v1.RequestCount + v2.RequestCount);
    }

    [Fact]
    public async Task Send_SeveralEndpoints_SharesThemEvenly()
    {
        await using var one = await Backend.StartAsync("one", BackendProtocol.Http1);
        await using var two = await Backend.StartAsync("two", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", one, two));

        for (var i = 0; i < 20; i++)
        {
            await mesh.BackendOfAsync("http://orders/");
        }

        Assert.Equal((10, 10), (one.RequestCount, two.RequestCount));
    }

    [Fact]
    public async Task Send_ResponseStream_ArrivesChunkByChunk()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/stream"), HttpCompletionOption.ResponseHeadersRead);
        var stream = await backend.NextStreamAsync();
        await using var body = await response.Content.ReadAsStreamAsync();

        stream.Write("first");
        Assert.Equal("first", await ReadAsync(body, 5));
        stream.Write("second");
        Assert.Equal("second", await ReadAsync(body, 6));
        stream.Complete();
        Assert.Equal("", await ReadAsync(body, 1));
    }

    [Fact]
    public async Task Send_RequestStream_IsSentWhileItIsWritten()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var body = new WrittenContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://orders/echo")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        body.Write("one");

        using var response = await mesh.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var echo = await response.Content.ReadAsStreamAsync();

        Assert.Equal("one", await ReadAsync(echo, 3));
        body.Write("two");
        Assert.Equal("two", await ReadAsync(echo, 3));
        body.Complete();
        Assert.Equal("", await ReadAsync(echo, 1));
    }

    [Fact]
    public async Task Send_WithinATrace_BackendSeesOneTraceparentOfThatTrace()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var activity = new Activity("call").SetIdFormat(ActivityIdFormat.W3C).Start();

        await mesh.BackendOfAsync("http://orders/");

        var traceparent = backend.LastRequest!.Headers["traceparent"];
        Assert.DoesNotContain(',', traceparent);
        Assert.StartsWith($"00-{activity.TraceId}-", traceparent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_Cancelled_EndsTheRequestAtTheBackend()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var cancellation = new CancellationTokenSource();

        var sending = mesh.Client.GetAsync(new Uri("http://orders/slow"), cancellation.Token);
        await backend.Gate.ArrivedAsync();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Fact]
    public async Task Send_Synchronously_Works()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(XdsResources.Service("orders", backend));
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://orders/") { Content = new StringContent("body") };

        using var response = await Task.Run(() => mesh.Client.Send(request));
        using var reader = new StreamReader(response.Content.ReadAsStream());

        Assert.Equal("body", await reader.ReadToEndAsync());
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/")]
    [InlineData("http://localhost:{0}/")]
    public async Task Send_HostOutsideTheMesh_PassesThroughWithoutAskingTheControlPlane(string uri)
    {
        await using var backend = await Backend.StartAsync("outside", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync();

        var answered = await mesh.BackendOfAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, uri, backend.Port));

        Assert.Equal("outside", answered);
        Assert.Empty(mesh.ControlPlane.Server.Streams);
    }

    [Fact]
    public async Task Send_AddedHostPattern_BelongsToTheMesh()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await MeshFixture.StartAsync(options => options.Hosts.Add("*.example"), XdsResources.Service("orders.example", backend));

        Assert.Equal("b1", await mesh.BackendOfAsync("http://orders.example/"));
    }

    private static async Task<string> ReadAsync(Stream stream, int length)
    {
        var buffer = new byte[length];
        var read = await stream.ReadAtLeastAsync(buffer, length, throwOnEndOfStream: false).AsTask().WaitAsync(TestTimeouts.Default);
        return Encoding.UTF8.GetString(buffer, 0, read);
    }

    /// <summary>A request body that the test writes piece by piece, each flushed on its own.</summary>
    private sealed class WrittenContent : HttpContent
    {
        private readonly Channel<string> _pieces = Channel.CreateUnbounded<string>();

        public void Write(string piece) => _pieces.Writer.TryWrite(piece);

        public void Complete() => _pieces.Writer.TryComplete();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await foreach (var piece in _pieces.Reader.ReadAllAsync())
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(piece));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
