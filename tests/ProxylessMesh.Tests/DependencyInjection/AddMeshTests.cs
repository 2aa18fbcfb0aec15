using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.DependencyInjection;

/// <summary>The mesh in a host: what a user writes, and what comes of it.</summary>
public sealed class AddMeshTests
{
    [Fact]
    public async Task AddMesh_HttpClientFactory_SendsEveryClientThroughTheMesh()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", backend));
        using var host = await StartAsync(controlPlane, builder =>
        {
            builder.AddMesh();
            builder.Services.AddHttpClient("named", client => client.BaseAddress = new Uri("http://orders"));
        });
        var factory = host.Services.GetRequiredService<IHttpClientFactory>();

        using var named = await factory.CreateClient("named").GetAsync(new Uri("/", UriKind.Relative));
        using var unnamed = await factory.CreateClient().GetAsync(new Uri("http://orders/"));

        Assert.Equal("b1", named.Headers.GetValues("x-backend").Single());
        Assert.Equal("b1", unnamed.Headers.GetValues("x-backend").Single());
    }

    [Theory]
    [InlineData("xds:///orders:80", "orders:80")]
    [InlineData("http://orders:8080", "orders:8080")]
    public async Task AddMesh_GrpcClientFactory_SendsThroughTheMesh(string address, string listener)
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http2);
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service(listener, backend));
        using var host = await StartAsync(controlPlane, builder =>
        {
            builder.AddMesh();
            builder.Services.AddGrpcClient<EchoService.EchoServiceClient>(options => options.Address = new Uri(address));
        });

        var reply = await host.Services.GetRequiredService<EchoService.EchoServiceClient>().UnaryAsync(new EchoRequest());

        Assert.Equal("b1", reply.Backend);
    }

    [Fact]
    public async Task AddMesh_GrpcClientThatResolvesByItself_IsLeftAlone()
    {
        await using var backend = await Backend.StartAsync("outside", BackendProtocol.Http2);
        await using var controlPlane = await ReplayAdsServer.StartAsync([]);
        using var host = await StartAsync(controlPlane, builder =>
        {
            builder.AddMesh();
            builder.Services.AddGrpcClient<EchoService.EchoServiceClient>(options => options.Address = new Uri($"dns:///127.0.0.1:{backend.Port}"))
                .ConfigureChannel(channel => channel.Credentials = ChannelCredentials.Insecure);
        });

        var reply = await host.Services.GetRequiredService<EchoService.EchoServiceClient>().UnaryAsync(new EchoRequest());

        Assert.Equal("outside", reply.Backend);
    }

    [Fact]
    public async Task AddMesh_UsersHandlers_SeeEachRequestOnceOutsideTheMesh()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", backend));
        var counter = new CountingHandler();
        using var host = await StartAsync(controlPlane, builder =>
        {
            builder.Services.AddHttpClient("orders").AddHttpMessageHandler(() => counter);
            builder.AddMesh();
        });

        using var response = await host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("orders").GetAsync(new Uri("http://orders/"));

        Assert.Equal(1, counter.Count);
        Assert.Equal("added", backend.LastRequest!.Headers["x-added"]);
    }

    [Fact]
    public async Task AddMesh_CalledTwice_WorksAsOnce()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", backend));
        using var host = await StartAsync(controlPlane, builder =>
        {
            builder.AddMesh();
            builder.AddMesh();
            builder.Services.AddMesh();
        });

        using var response = await host.Services.GetRequiredService<IHttpClientFactory>().CreateClient().GetAsync(new Uri("http://orders/"));

        Assert.Equal("b1", response.Headers.GetValues("x-backend").Single());
        Assert.Single(controlPlane.Server.Streams);
        Assert.Single(host.Services.GetServices<IHostedService>());
    }

    [Fact]
    public async Task EnrollAllClientsOff_OnlyClientsWithMeshHandlerAreInTheMesh()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service("no-such-host", backend));
        using var host = await StartAsync(controlPlane, builder =>
        {
            builder.AddMesh(options => options.EnrollAllClients = false);
            builder.Services.AddHttpClient("in").AddMeshHandler();
            builder.Services.AddHttpClient("out");
        });
        var factory = host.Services.GetRequiredService<IHttpClientFactory>();

        using var response = await factory.CreateClient("in").GetAsync(new Uri("http://no-such-host/"));
        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => factory.CreateClient("out").GetAsync(new Uri("http://no-such-host/")));

        Assert.Equal("b1", response.Headers.GetValues("x-backend").Single());
        Assert.IsNotType<MeshRequestException>(exception);
    }

    [Fact]
    public async Task ClientsHandlerExpires_MeshConnectionsLiveOn()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", backend));
        using var host = await StartAsync(controlPlane, builder => builder.AddMesh());
        var factory = host.Services.GetRequiredService<IHttpMessageHandlerFactory>();

        for (var i = 0; i < 3; i++)
        {
            // Each name has a handler chain of its own, as a rotated one would be.
            using var client = new HttpClient(factory.CreateHandler($"client-{i}"), disposeHandler: false);
            using var response = await client.GetAsync(new Uri("http://orders/"));
        }

        Assert.Equal(1, backend.ConnectionCount);
    }

    [Fact]
    public async Task Start_BootstrapMissing_FailsNamingTheRemedies()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.AddMesh();
        using var host = builder.Build();

        var exception = await Assert.ThrowsAsync<MeshBootstrapException>(() => host.StartAsync());

        Assert.Contains("GRPC_XDS_BOOTSTRAP", exception.Message, StringComparison.Ordinal);
        Assert.Contains("AddMeshYaml", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OptionsWrong_FailsNamingOptionAndRemedy()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.AddMesh(options =>
        {
            options.WaitForConfiguration = TimeSpan.FromSeconds(-1);
            options.Hosts.Add("http://orders/");
        });
        using var host = builder.Build();

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("WaitForConfiguration", exception.Message, StringComparison.Ordinal);
        Assert.Contains("http://orders/", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitForConfiguration_ItComes_StartEndsWithEverythingInPlace()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", backend));

        using var host = await StartAsync(controlPlane, builder => builder.AddMesh(options =>
        {
            options.Preload.Add("orders");
            options.WaitForConfiguration = TestTimeouts.Default;
        }));

        Assert.All(host.Services.GetRequiredService<MeshRuntime>().Snapshot.Clusters.Values, cluster => Assert.True(cluster.IsComplete));
        Assert.NotEmpty(host.Services.GetRequiredService<MeshRuntime>().Snapshot.Clusters);
    }

    [Fact]
    public async Task WaitForConfiguration_ItDoesNotCome_StartFailsNamingWhatIsMissing()
    {
        await using var controlPlane = await ReplayAdsServer.StartAsync([XdsResources.Listener("orders", "r"), XdsResources.Routes("r", XdsResources.Route("/", "never-comes"))]);

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => StartAsync(controlPlane, builder => builder.AddMesh(options =>
        {
            options.Preload.Add("orders");
            options.WaitForConfiguration = TimeSpan.FromSeconds(1);
        })));

        Assert.Contains("never-comes", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthCheck_ControlPlaneComesAndGoes_TellsTheDifference()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", backend));
        using var host = await StartAsync(controlPlane, builder =>
        {
            builder.AddMesh(options => options.Preload.Add("orders"));
            builder.Services.AddHealthChecks().AddMesh();
        });
        var health = host.Services.GetRequiredService<HealthCheckService>();
        using var response = await host.Services.GetRequiredService<IHttpClientFactory>().CreateClient().GetAsync(new Uri("http://orders/"));

        var before = await health.CheckHealthAsync();
        await controlPlane.Server.KillAsync();
        await Until.TrueAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Degraded);
        await controlPlane.Server.StartAgainAsync();
        await Until.TrueAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Healthy);

        Assert.Equal(HealthStatus.Healthy, before.Status);
    }

    [Fact]
    public async Task HealthCheck_NothingEverCame_IsUnhealthy()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Mesh:Bootstrap"] = BootstrapJson.Insecure("127.0.0.1:1"), ["Mesh:Preload:0"] = "orders" });
        builder.AddMesh();
        builder.Services.AddHealthChecks().AddMesh();
        using var host = builder.Build();
        await host.StartAsync();
        var health = host.Services.GetRequiredService<HealthCheckService>();

        await Until.TrueAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Unhealthy);
    }

    private static async Task<IHost> StartAsync(ReplayAdsServer controlPlane, Action<HostApplicationBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Mesh:Bootstrap"] = BootstrapJson.Insecure(controlPlane.ServerUri) });
        configure(builder);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private sealed class CountingHandler : DelegatingHandler
    {
        public int Count { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Count++;
            request.Headers.Add("x-added", "added");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
