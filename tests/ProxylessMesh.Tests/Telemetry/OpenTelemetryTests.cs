using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.Telemetry;

/// <summary>The mesh in a host with OpenTelemetry.Extensions.Hosting, as an application has it.</summary>
public sealed class OpenTelemetryTests
{
    [Fact]
    public async Task AddMeshInstrumentation_BothBuilders_ExportWhatARequestDid()
    {
        await using var backend = await Backend.StartAsync("b1", BackendProtocol.Http1);
        await using var controlPlane = await ReplayAdsServer.StartAsync(XdsResources.Service("orders", backend));
        var spans = new SpanQueue();
        var metrics = new List<Metric>();
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.AddMesh(options => options.Bootstrap = BootstrapJson.Insecure(controlPlane.ServerUri));
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddMeshInstrumentation().AddProcessor(spans))
            .WithMetrics(meters => meters.AddMeshInstrumentation().AddInMemoryExporter(metrics));
        using var host = builder.Build();
        await host.StartAsync();

        var client = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        var answer = await client.GetStringAsync(new Uri("http://orders/"));
        host.Services.GetRequiredService<MeterProvider>().ForceFlush();
        await host.StopAsync();

        Assert.NotNull(answer);
        Assert.Contains(spans.Ended, span => span.DisplayName == "GET attempt" && backend.Port.Equals(span.GetTagItem("network.peer.port")));
        Assert.Contains(metrics, static metric => metric.Name == "mesh.client.attempt.duration");
        Assert.Contains(metrics, static metric => metric.Name == "grpc.xds_client.connected");
    }

    [Fact]
    public void AddMeshInstrumentation_NoBuilder_Throws()
    {
        Assert.Throws<ArgumentNullException>(() => default(TracerProviderBuilder)!.AddMeshInstrumentation());
        Assert.Throws<ArgumentNullException>(() => default(MeterProviderBuilder)!.AddMeshInstrumentation());
    }

    /// <summary>A provider listens to the whole process: other tests' spans come here too, at any time.</summary>
    private sealed class SpanQueue : BaseProcessor<Activity>
    {
        public ConcurrentQueue<Activity> Ended { get; } = new();

        public override void OnEnd(Activity data) => Ended.Enqueue(data);
    }
}
