using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using Polly;
using ProxylessMesh.Configuration;
using ProxylessMesh.Matching;
using ProxylessMesh.Routing;
using ProxylessMesh.Tests.EndToEnd;
using ProxylessMesh.Tests.EndToEnd.Istio;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.DependencyInjection;

/// <summary>Clients that have a resilience handler of their own (Microsoft.Extensions.Http.Resilience) on top of the mesh.</summary>
public sealed class ResilienceHandlerTests
{
    private const int MeshRetries = 2;

    private const string Routes = """
        { "name": "orders-routes", "virtualHosts": [{ "name": "orders", "domains": ["*"], "routes": [
          { "name": "calls", "match": { "prefix": "/", "grpc": {} }, "route": { "cluster": "orders-cluster", "timeout": "0s", "retryPolicy": { "retryOn": "unavailable", "numRetries": 2 } } },
          { "name": "rest", "match": { "prefix": "/" }, "route": { "cluster": "orders-cluster", "timeout": "0s", "retryPolicy": { "retryOn": "5xx", "numRetries": 2 } } } ] }] }
        """;

    [Fact]
    public async Task Start_ClientsWithHandlers_AreWarnedOfOnceBeforeAnythingIsSent()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        using var loggers = new RecordingLoggers();
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", backend));
        using var host = await StartAsync(controlPlane, loggers, static builder =>
        {
            builder.AddMesh(static options =>
            {
                options.Preload.Add("orders");
                options.WaitForConfiguration = TestTimeouts.Default;
            });
            builder.Services.AddHttpClient("standard", static client => client.BaseAddress = new Uri("http://orders")).AddStandardResilienceHandler();
            builder.Services.AddHttpClient("own", static client => client.BaseAddress = new Uri("http://not-asked-for")).AddResilienceHandler("timeout", static pipeline => pipeline.AddTimeout(TimeSpan.FromSeconds(5)));
            builder.Services.AddHttpClient("nowhere").AddStandardHedgingHandler();
            builder.Services.AddHttpClient("outside", static client => client.BaseAddress = new Uri("https://api.example.com")).AddStandardResilienceHandler();
            builder.Services.AddHttpClient("plain", static client => client.BaseAddress = new Uri("http://orders"));
            builder.Services.AddGrpcClient<EchoService.EchoServiceClient>(static options => options.Address = new Uri("xds:///orders")).AddStandardResilienceHandler();
        });
        var factory = host.Services.GetRequiredService<IHttpClientFactory>();
        foreach (var name in new[] { "standard", "own", "nowhere", "outside", "plain" })
        {
            factory.CreateClient(name).Dispose();
        }

        var warnings = loggers.Lines.Where(static line => line.Contains("ResilienceHandler", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();

        Assert.Equal(
            [
                "Client 'EchoServiceClient' has a Microsoft.Extensions.Http.Resilience.ResilienceHandler, and the mesh may try its requests again too (not at present, virtual host 'orders-routes-host' has no retry policy)",
                "Client 'nowhere' has a Microsoft.Extensions.Http.Resilience.ResilienceHandler, and the mesh may try its requests again too (as each route's retry policy says)",
                "Client 'own' has a Microsoft.Extensions.Http.Resilience.ResilienceHandler, and the mesh may try its requests again too (as each route's retry policy says)",
                "Client 'standard' has a Microsoft.Extensions.Http.Resilience.ResilienceHandler, and the mesh may try its requests again too (not at present, virtual host 'orders-routes-host' has no retry policy)",
            ],
            warnings.Select(static line => line[..line.IndexOf(". Their tries", StringComparison.Ordinal)]));
        Assert.All(warnings, static line => Assert.Contains("MeshOptions.WarnAboutResilienceHandlers", line, StringComparison.Ordinal));
        Assert.Equal(0, backend.RequestCount);
    }

    [Fact]
    public async Task Start_WarningSwitchedOff_SaysNothing()
    {
        using var loggers = new RecordingLoggers();
        await using var controlPlane = await ReplayAdsServer.StartAsync([]);
        using var host = await StartAsync(controlPlane, loggers, static builder =>
        {
            builder.AddMesh(static options => options.WarnAboutResilienceHandlers = false);
            builder.Services.AddHttpClient("standard").AddStandardResilienceHandler();
        });

        host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("standard").Dispose();

        Assert.DoesNotContain(loggers.Lines, static line => line.Contains("ResilienceHandler", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_ClientNotEnrolledOrThatCannotBeMade_StartsAllTheSame()
    {
        using var loggers = new RecordingLoggers();
        await using var controlPlane = await ReplayAdsServer.StartAsync([]);
        using var host = await StartAsync(controlPlane, loggers, static builder =>
        {
            builder.AddMesh(static options => options.EnrollAllClients = false);
            builder.Services.AddHttpClient("other").AddStandardResilienceHandler();
            builder.Services.AddHttpClient("broken").AddMeshHandler().AddHttpMessageHandler(static DelegatingHandler () => throw new InvalidOperationException("not yet"));
        });

        Assert.DoesNotContain(loggers.Lines, static line => line.Contains("ResilienceHandler", StringComparison.Ordinal));
        Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("broken"));
    }

    [Fact]
    public async Task Send_HandlerCreatedLater_IsWarnedOfWhenItIsFirstUsed()
    {
        using var loggers = new RecordingLoggers();
        await using var controlPlane = await ReplayAdsServer.StartAsync([]);
        using var host = await StartAsync(controlPlane, loggers, static builder =>
        {
            builder.AddMesh();
            builder.Services.ConfigureHttpClientDefaults(static client => client.AddStandardResilienceHandler());
        });
        var atStart = loggers.Lines.Count(static line => line.Contains("ResilienceHandler", StringComparison.Ordinal));

        host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("later").Dispose();
        host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("later").Dispose();

        Assert.Equal(0, atStart);
        Assert.Single(loggers.Lines, static line => line.StartsWith("Client 'later' has a ", StringComparison.Ordinal));
    }

    [Fact]
    public void Describe_RetryPolicy_IsInTheWordsOfItsFields()
    {
        var policy = new RetryPolicyConfig { Conditions = RetryConditions.ServerError | RetryConditions.ConnectFailure | RetryConditions.GrpcUnavailable, MaxRetries = 3 };
        var host = new VirtualHostConfig("orders", ["*"],
        [
            new RouteConfig { Name = "tried", Match = new RouteMatchConfig(PathMatcher.Prefix("/"), []), Action = new ForwardActionConfig([new WeightedClusterConfig("c", 1)]) { Retry = policy } },
            new RouteConfig { Name = "once", Match = new RouteMatchConfig(PathMatcher.Prefix("/"), []), Action = new ForwardActionConfig([new WeightedClusterConfig("c", 1)]) },
        ]);

        Assert.Equal("route 'tried': num_retries 3 on 5xx,connect-failure,unavailable", RetryWords.Describe(host));
    }

    /// <summary>The handler's tries, and once the mesh's own: a product would be three times as many as the handler's.</summary>
    [Theory]
    [InlineData("standard", 4)]
    [InlineData("hedging", 3)]
    public async Task Send_BothTryAgain_TheTriesAddUp(string client, int tries)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        using var loggers = new RecordingLoggers();
        await using var controlPlane = await ReplayAdsServer.StartAsync(Resources(backend));
        using var host = await StartAsync(controlPlane, loggers, static builder =>
        {
            builder.AddMesh();
            builder.Services.AddHttpClient("standard").AddStandardResilienceHandler(static handler => handler.Retry.Delay = TimeSpan.FromMilliseconds(1));
            builder.Services.AddHttpClient("hedging").AddStandardHedgingHandler().Configure(static handler => handler.Hedging.MaxHedgedAttempts = 2);
        });

        using var response = await host.Services.GetRequiredService<IHttpClientFactory>().CreateClient(client).GetAsync(new Uri("http://orders/status/503"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(tries + MeshRetries, backend.RequestCount);
    }

    [Fact]
    public async Task Call_GrpcRetriesItselfToo_TheMeshLeavesItAlone()
    {
        const int Tries = 3;
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var mesh = await MeshFixture.StartAsync(Resources(backend));
        using var channel = mesh.Mesh.CreateGrpcChannel("xds:///orders", new GrpcChannelOptions
        {
            ServiceConfig = new ServiceConfig
            {
                MethodConfigs =
                {
                    new MethodConfig
                    {
                        Names = { MethodName.Default },
                        RetryPolicy = new RetryPolicy
                        {
                            MaxAttempts = Tries,
                            InitialBackoff = TimeSpan.FromMilliseconds(1),
                            MaxBackoff = TimeSpan.FromMilliseconds(1),
                            BackoffMultiplier = 1,
                            RetryableStatusCodes = { StatusCode.Unavailable },
                        },
                    },
                },
            },
        });

        using var capture = MeshExplanation.Capture();
        await Assert.ThrowsAsync<RpcException>(async () => await new EchoService.EchoServiceClient(channel).UnaryAsync(new EchoRequest { FailWith = (int)StatusCode.Unavailable }));

        Assert.True(backend.RequestCount == Tries, $"{backend.RequestCount} tries:{Environment.NewLine}{capture}");
    }

    private static IEnumerable<Google.Protobuf.WellKnownTypes.Any> Resources(Backend backend)
        => [Listeners.Of("orders", Routes), .. XdsResources.Service("orders", backend).Skip(2)];

    private static async Task<IHost> StartAsync(ReplayAdsServer controlPlane, RecordingLoggers loggers, Action<HostApplicationBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Mesh:Bootstrap"] = BootstrapJson.Insecure(controlPlane.ServerUri) });
        builder.Services.AddLogging(logging => logging.AddProvider(loggers));
        configure(builder);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
