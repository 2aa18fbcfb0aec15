using System.Globalization;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.ControlPlane.Tests.Files;

/// <summary>Two hundred changes of what routes do to requests, under load of HTTP and gRPC: none of them costs a request.</summary>
[Collection(nameof(Alone))]
public sealed class PolicyReloadTests : IDisposable
{
    private const int Reloads = 200;
    private const string Generation = "x-generation";

    /// <summary>Stands among the other rules for headers.</summary>
    private const string HeaderRules = ", request: {set: {x-added: 'yes'}, remove: [x-gone]}";

    /// <summary>Each has an effect on every request, and none that a caller could see.</summary>
    private static readonly string[] Policies =
    [
        "retries: {attempts: 0}",
        "retries: {attempts: 3, retryOn: '5xx,reset,unavailable,503', perTryTimeout: 15s, backoff: 1ms}",
        "fault: {delay: {fixedDelay: 5s, percentage: {value: 0}}, abort: {httpStatus: 503, percentage: {value: 0}}}",
        "mirrors: [{destination: {host: shadow}, percentage: {value: 50}}]",
        HeaderRules,
        "corsPolicy: {allowOrigins: [{exact: 'https://shop.example'}]}",
        "timeout: 15s",
    ];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Reload_PoliciesUnderLoad_FailNoRequest()
    {
        await using var http = await Backend.StartAsync("http", BackendProtocol.Http1);
        await using var grpc = await Backend.StartAsync("grpc", BackendProtocol.Http2);
        await using var shadow = await Backend.StartAsync("shadow", BackendProtocol.Http2);
        _directory.Replace(MeshYaml.File, File(http, grpc, shadow, 0));
        var options = new MeshOptions { ControlPlane = new QuickControlPlane(new MeshYamlControlPlane(_directory.File(MeshYaml.File), new MeshYamlOptions())) };
        using var start = new CancellationTokenSource(TestTimeouts.Default);
        await using var mesh = await Mesh.StartAsync(options, start.Token);
        using var client = new HttpClient(mesh.CreateHandler());
        using var channel = mesh.CreateGrpcChannel("xds:///echo:9090");
        await using var load = new Load().Http(client, new Uri("http://orders/"), workers: 2).Grpc(channel, workers: 2);
        await load.MoreAsync(20);

        for (var generation = 1; generation <= Reloads; generation++)
        {
            _directory.Replace(MeshYaml.File, File(http, grpc, shadow, generation));
            var expected = generation.ToString(CultureInfo.InvariantCulture);
            await Until.TrueAsync(async () => await GenerationAsync(client) == expected, $"generation {expected} is in force");
        }

        await load.MoreFromAsync("http", 20);
        await load.MoreFromAsync("grpc", 20);
        await load.StopAsync();

        Assert.Empty(load.Failures);
        Assert.True(load.Total > 2 * Reloads, $"only {load.Total} requests were under way");
    }

    private static async Task<string> GenerationAsync(HttpClient client)
    {
        using var response = await client.GetAsync(new Uri("http://orders/"));
        return response.Headers.TryGetValues(Generation, out var values) ? values.First() : "";
    }

    /// <summary>Both services have the same policy, which differs from that of the generation before; every other one has more tokens than there are requests.</summary>
    private static string File(Backend http, Backend grpc, Backend shadow, int generation)
    {
        var policy = Policies[generation % Policies.Length];
        var rules = policy == HeaderRules ? policy : "";
        return Service("orders", 80, "HTTP", http.Port) + Service("echo", 9090, "GRPC", grpc.Port) + Service("shadow", 9090, "GRPC", shadow.Port)
            + Routes("orders") + Routes("echo") + Limits(generation);

        string Routes(string host) => $$"""
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: {{host}} }
            spec:
              hosts: [{{host}}]
              http:
              - headers: {response: {set: { {{Generation}}: '{{generation}}' } }{{rules}} }
                {{(rules.Length > 0 ? "" : policy)}}
                route: [{destination: {host: {{host}} } }]

            """;
    }

    private static string Service(string host, int port, string protocol, int endpoint) => $$"""
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: {{host}} }
        spec:
          hosts: [{{host}}]
          resolution: STATIC
          ports: [{number: {{port}}, name: main, protocol: {{protocol}} }]
          endpoints: [{address: 127.0.0.1, ports: {main: {{endpoint}} } }]

        """;

    private static string Limits(int generation) => $$"""
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: EnvoyFilter
        metadata: {name: limits, namespace: istio-system}
        spec:
          configPatches:
          - applyTo: HTTP_FILTER
            match: {context: SIDECAR_OUTBOUND, listener: {filterChain: {filter: {subFilter: {name: envoy.filters.http.router} } } } }
            patch:
              operation: INSERT_BEFORE
              value:
                name: envoy.filters.http.local_ratelimit
                typed_config:
                  '@type': type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                  stat_prefix: local
          - applyTo: HTTP_ROUTE
            match: {context: SIDECAR_OUTBOUND}
            patch:
              operation: MERGE
              value:
                typed_per_filter_config:
                  envoy.filters.http.local_ratelimit:
                    '@type': type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                    stat_prefix: generation-{{generation % 5}}
                    token_bucket: {max_tokens: {{1_000_000 + (generation % 2)}}, tokens_per_fill: 1000000, fill_interval: 1s}
                    filter_enabled: {default_value: {numerator: 100} }
                    filter_enforced: {default_value: {numerator: 100} }
        """;
}
