using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ProxylessMesh.DependencyInjection;
using ProxylessMesh.Tests.Peers;
using static ProxylessMesh.Tests.EndToEnd.FilteredMesh;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>Filters of the application's own, over real sockets.</summary>
public sealed class CustomFilterTests
{
    private const string TypeUrl = "type.googleapis.com/acme.Stamp";
    private const string RouteTypeUrl = "type.googleapis.com/acme.StampPerRoute";

    private readonly StampFactory _factory = new();

    [Theory]
    [InlineData("xds.type.v3")]
    [InlineData("udpa.type.v1")]
    public async Task Send_TypedStruct_ReachesTheFilterAsJson(string package)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(Stamp("f", """{"text": "one", "more": [1, 2.5, true, null, {"a": "b"}]}""", package)), backend);

        using var response = await mesh.Client.GetAsync(new Uri("http://orders/"));

        Assert.Equal("one", backend.LastRequest!.Headers["x-stamp"]);
        Assert.Equal("one", response.Headers.GetValues("x-stamped").Single());
        var read = Assert.Single(_factory.Read);
        Assert.Equal(TypeUrl, read.TypeUrl);
        Assert.True(read.Message.IsEmpty);
        Assert.Equal("""{"more":[1,2.5,true,null,{"a":"b"}],"text":"one"}""", read.Json);
    }

    [Fact]
    public async Task Send_Message_ReachesTheFilterAsItsBytes()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var factory = new StampFactory("type.googleapis.com/envoy.type.v3.Percent");
        await using var mesh = await MeshFixture.StartAsync(
            options => options.AddHttpFilter(factory),
            Listener("""{"name": "f", "typedConfig": {"@type": "type.googleapis.com/envoy.type.v3.Percent", "value": 1.5} }"""), XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend));

        await mesh.BackendOfAsync("http://orders/");

        var read = Assert.Single(factory.Read);
        Assert.Null(read.Json);
        Assert.Equal(1.5, Envoy.Type.V3.Percent.Parser.ParseFrom(read.Message.Span).Value);
    }

    [Fact]
    public async Task Send_SeveralFilters_RunInTheOrderDeliveredWithTheMeshsOwn()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var fault = $$"""{"name": "fault", "typedConfig": { {{Fault}}, "headers": [{"name": "x-stamp", "stringMatch": {"exact": "first"} }], "abort": {"httpStatus": 418, {{Always}} } } }""";
        await using var before = await StartAsync(Listener($"{Stamp("a", """{"text": "first"}""")}, {fault}"), backend);
        await using var after = await StartAsync(Listener($"{fault}, {Stamp("a", """{"text": "first"}""")}, {Stamp("b", """{"text": "second"}""")}"), backend);

        using var aborted = await before.Client.GetAsync(new Uri("http://orders/"));
        using var passed = await after.Client.GetAsync(new Uri("http://orders/"));

        Assert.Equal(418, (int)aborted.StatusCode);
        Assert.Equal("first", aborted.Headers.GetValues("x-stamped").Single());
        Assert.Equal(["second", "first"], passed.Headers.GetValues("x-stamped")); // the last to send is the first to see the response
        Assert.Equal("first, second", backend.LastRequest!.Headers["x-stamp"]);
    }

    [Fact]
    public async Task Send_OverridesOfAllLevels_ReachTheFactoryTheMostSpecificLast()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var route = $"{Plain[..^1]}, {PerRoute("route")} }}";
        await using var mesh = await StartAsync(Listener(Stamp("f", """{"text": "own"}"""), route, $"{PerRoute("host")},", $"{PerRoute("routes")},"), backend);

        await mesh.BackendOfAsync("http://orders/");

        Assert.Equal("own+routes+host+route", backend.LastRequest!.Headers["x-stamp"]);
    }

    [Fact]
    public async Task Send_ContextAndCallersRequest_AreAsTheyShouldBe()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(Stamp("f", """{"text": "x"}"""), Plain.Replace("{\"match\"", "{\"name\": \"r1\", \"match\"", StringComparison.Ordinal)), backend);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");

        using var response = await mesh.Client.SendAsync(request);

        Assert.Equal("f orders r1 c", Assert.Single(_factory.Contexts));
        Assert.Same(request, response.RequestMessage);
        Assert.Empty(request.Headers);
    }

    [Fact]
    public async Task Update_WithAConfigurationThatTheFactoryRefuses_IsRejectedByNameAndReason()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(Stamp("stamps", """{"text": "good"}""")), backend);
        await mesh.BackendOfAsync("http://orders/");

        await mesh.ControlPlane.SetAsync(Listener(Stamp("stamps", """{"text": 5}""")));
        await Until.TrueAsync(() => mesh.ControlPlane.Nacks.Count > 0, "the listener is rejected");

        Assert.Contains($"http_filters[0].typed_config: the filter 'stamps' of type '{TypeUrl}' does not take its configuration: 'text' must be a string", mesh.ControlPlane.Nacks[0].ErrorDetail.Message, StringComparison.Ordinal);
        await mesh.BackendOfAsync("http://orders/");
        Assert.Equal("good", backend.LastRequest!.Headers["x-stamp"]);
    }

    [Fact]
    public async Task Send_FilterThatCannotBeMade_FailsTheRequestsOfItsRoute()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var mesh = await StartAsync(Listener(Stamp("f", """{"text": "unmakeable"}""")), backend);

        var exception = await Assert.ThrowsAsync<MeshRequestException>(() => mesh.Client.GetAsync(new Uri("http://orders/")));

        Assert.Contains("the HTTP filter 'f' of route '' could not be made: not this one", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, backend.RequestCount);
    }

    [Fact]
    public async Task Update_OfWhatDoesNotConcernAFilter_KeepsIt_AndOneThatDoesDisposesOfIt()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var mesh = await MeshFixture.StartAsync(
            [Listener(Stamp("f", """{"text": "1"}""")), XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend)], clock, configure: options => options.AddHttpFilter(_factory));
        await mesh.BackendOfAsync("http://orders/");

        await mesh.ControlPlane.SetAsync(Listener(Stamp("f", """{"text": "1"}"""), Plain.Replace("{\"match\"", "{\"name\": \"r2\", \"match\"", StringComparison.Ordinal)));
        await Until.TrueAsync(async () => await mesh.BackendOfAsync("http://orders/") == "b1" && _factory.Contexts.Any(static context => context.Contains("r2", StringComparison.Ordinal)), "the routes are new");
        Assert.Single(_factory.Made);

        await mesh.ControlPlane.SetAsync(Listener(Stamp("f", """{"text": "2"}""")));
        await Until.TrueAsync(async () => await mesh.BackendOfAsync("http://orders/") == "b1" && backend.LastRequest!.Headers["x-stamp"] == "2", "the filter is new");
        Assert.Equal(2, _factory.Made.Count);
        await Until.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return _factory.Made.First().IsDisposed;
            },
            "the old one is disposed of");
        Assert.False(_factory.Made.Last().IsDisposed);
        await mesh.Mesh.DisposeAsync();
        Assert.True(_factory.Made.Last().IsDisposed);
    }

    [Fact]
    public async Task AddHttpFilter_InAContainer_ServesTheClientsOfTheFactoryInsideDelegatingHandlers()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync([Listener(Stamp("f", """{"text": "1"}""")), XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend)]);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMesh(options => options.Bootstrap = BootstrapJson.Insecure(controlPlane.ServerUri)).AddHttpFilter<StampFactory>().AddHttpFilter<StampFactory>();
        services.AddTransient<OutsideHandler>();
        services.AddHttpClient("orders").AddHttpMessageHandler<OutsideHandler>();
        await using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("orders");

        using var response = await client.GetAsync(new Uri("http://orders/"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("outside, 1", backend.LastRequest!.Headers["x-stamp"]);
        Assert.Equal("1", response.Headers.GetValues("x-seen-outside").Single());
    }

    /// <summary>Each row: what is wrong with the types of two factories, and what is said of it.</summary>
    [Theory]
    [InlineData("type.googleapis.com/a.B", "type.googleapis.com/a.B", "has two HTTP filter factories")]
    [InlineData("a.B", null, "a type begins with 'type.googleapis.com/'")]
    [InlineData("type.googleapis.com/envoy.extensions.filters.http.router.v3.Router", null, "which the mesh carries out itself")]
    [InlineData("", null, "names no type")]
    public async Task StartAsync_TypesThatCannotBe_FailWithWhatToChange(string first, string? second, string message)
    {
        var options = new MeshOptions { Bootstrap = BootstrapJson.Insecure("127.0.0.1:1") };
        options.AddHttpFilter(new StampFactory([.. first.Split(' ', StringSplitOptions.RemoveEmptyEntries)]));
        if (second is not null)
        {
            options.AddHttpFilter(new StampFactory(second));
        }

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => Mesh.StartAsync(options, CancellationToken.None));

        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    private Task<MeshFixture> StartAsync(Google.Protobuf.WellKnownTypes.Any listener, Backend backend)
        => MeshFixture.StartAsync(options => options.AddHttpFilter(_factory), listener, XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend));

    private static string Stamp(string name, string json, string package = "xds.type.v3")
        => $$"""{"name": "{{name}}", "typedConfig": {"@type": "type.googleapis.com/{{package}}.TypedStruct", "typeUrl": "{{TypeUrl}}", "value": {{json}} } }""";

    private static string PerRoute(string text)
        => Override("f", $$""" "@type": "type.googleapis.com/xds.type.v3.TypedStruct", "typeUrl": "{{RouteTypeUrl}}", "value": {"text": "{{text}}"} """);

    /// <summary>Makes filters that write a text into requests and responses.</summary>
    private sealed class StampFactory(params string[] typeUrls) : IHttpFilterFactory
    {
        public StampFactory()
            : this(TypeUrl, RouteTypeUrl)
        {
        }

        public IReadOnlyCollection<string> TypeUrls => typeUrls;

        public ConcurrentQueue<HttpFilterConfiguration> Read { get; } = new();

        public ConcurrentQueue<string> Contexts { get; } = new();

        public ConcurrentQueue<StampFilter> Made { get; } = new();

        public object ReadConfiguration(HttpFilterConfiguration configuration)
        {
            Read.Enqueue(configuration);
            if (configuration.Json is null)
            {
                return "bytes";
            }

            using var json = JsonDocument.Parse(configuration.Json);
            var text = json.RootElement.GetProperty("text");
            return text.ValueKind == JsonValueKind.String ? text.GetString()! : throw new FormatException("'text' must be a string");
        }

        public IHttpFilter? Create(object configuration, IReadOnlyList<object> routeConfigurations)
        {
            if (configuration is "unmakeable")
            {
                throw new InvalidOperationException("not this one");
            }

            var made = new StampFilter(string.Join('+', routeConfigurations.Prepend(configuration)), Contexts);
            Made.Enqueue(made);
            return made;
        }
    }

    private sealed class StampFilter(string text, ConcurrentQueue<string> contexts) : IHttpFilter, IDisposable
    {
        public bool IsDisposed { get; private set; }

        public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpFilterContext context, HttpFilterNext proceed, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            contexts.Enqueue($"{context.FilterName} {context.VirtualHostName} {context.RouteName} {context.ClusterName}");
            var copy = HttpFilterContext.Copy(request);
            copy.Headers.Add("x-stamp", text);
            var response = await proceed(copy, cancellationToken);
            response.Headers.Add("x-stamped", text);
            return response;
        }

        public void Dispose() => IsDisposed = true;
    }

    /// <summary>A handler of a user's, outside the mesh.</summary>
    private sealed class OutsideHandler : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("x-stamp", "outside");
            var response = await base.SendAsync(request, cancellationToken);
            response.Headers.Add("x-seen-outside", response.Headers.GetValues("x-stamped"));
            return response;
        }
    }
}
