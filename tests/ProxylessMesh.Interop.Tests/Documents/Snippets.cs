using System.Text.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using ProxylessMesh.ControlPlane.RouteChecks;
using ProxylessMesh.DependencyInjection;

namespace ProxylessMesh.Interop.Tests.Documents;

/// <summary>The C# that the documents show, so that it is compiled; <see cref="SnippetTests"/> compares.</summary>
internal static class Snippets
{
    public static void Start(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);

        builder.AddMesh().AddMeshYaml("mesh.yaml");   // or builder.AddMesh(): the xDS bootstrap of the environment

        builder.Services.AddHttpClient("orders", client => client.BaseAddress = new Uri("http://orders"));
        builder.Services.AddGrpcClient<Payments.PaymentsClient>(options => options.Address = new Uri("xds:///payments"));

        var app = builder.Build();
        app.MapGet("/", async (IHttpClientFactory clients) => await clients.CreateClient("orders").GetStringAsync("/latest"));
        app.Run();
    }

    public static void Enrol(WebApplicationBuilder builder)
    {
        builder.Services.AddHttpClient("orders").AddMeshHandler();
    }

    public static void Wait(WebApplicationBuilder builder)
    {
        builder.AddMesh(options =>
        {
            options.Preload.Add("orders");
            options.WaitForConfiguration = TimeSpan.FromSeconds(10);
        });
        builder.Services.AddHealthChecks().AddMesh();
    }

    public static void Observe(WebApplicationBuilder builder)
    {
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddMeshInstrumentation())
            .WithMetrics(metrics => metrics.AddMeshInstrumentation());
    }

    public static async Task ExplainAsync(HttpClient client)
    {
        using var capture = MeshExplanation.Capture();
        using var response = await client.GetAsync("http://orders/items/17");

        foreach (var request in capture.Requests)
        {
            Console.WriteLine(request);                       // or request.Route, request.Cluster, request.Attempts ...
        }
    }

    public static async Task WithoutAHostAsync(CancellationToken cancellationToken)
    {
        await using var mesh = await Mesh.StartAsync(new MeshOptions().UseMeshYaml("mesh.yaml"), cancellationToken);

        using var client = new HttpClient(mesh.CreateHandler());
        using var channel = mesh.CreateGrpcChannel("xds:///payments");
    }

    public static void CheckRoutes()
    {
        var checker = RouteChecker.Parse(File.ReadAllText("routes.yaml"));
        var result = checker.Evaluate(new RouteCheckRequest { Authority = "orders", Path = "/v2/items" });
        Console.WriteLine($"{result.VirtualHost} {result.Cluster} {result.Timeout}");
    }

    public static void AddFilters(WebApplicationBuilder builder)
    {
        builder.AddMesh().AddHttpFilter<TenantFactory>();
    }

    internal sealed class TenantFactory : IHttpFilterFactory
    {
        public IReadOnlyCollection<string> TypeUrls => ["type.googleapis.com/acme.Tenant"];

        public object ReadConfiguration(HttpFilterConfiguration configuration)
        {
            using var json = JsonDocument.Parse(configuration.Json ?? "{}");
            return json.RootElement.GetProperty("tenant").GetString() ?? throw new FormatException("'tenant' must be a string");
        }

        public IHttpFilter? Create(object configuration, IReadOnlyList<object> routeConfigurations)
            => new TenantFilter((string)(routeConfigurations is [.., var route] ? route : configuration));
    }

    internal sealed class TenantFilter(string tenant) : IHttpFilter
    {
        public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpFilterContext context, HttpFilterNext proceed, CancellationToken cancellationToken)
        {
            var copy = HttpFilterContext.Copy(request);
            copy.Headers.Add("x-tenant", tenant);
            return proceed(copy, cancellationToken);
        }
    }

    /// <summary>Stands for a client that Grpc.Tools generates.</summary>
    private static class Payments
    {
        internal sealed class PaymentsClient(CallInvoker invoker) : ClientBase(invoker);
    }
}
