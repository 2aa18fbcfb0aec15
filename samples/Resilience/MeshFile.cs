namespace Resilience;

/// <summary>The mesh.yaml that the sample writes into a temporary folder, and rewrites for each of its steps while the client runs.</summary>
internal sealed class MeshFile(int first, int second, int shadow, int limiter) : IDisposable
{
    /// <summary>A response header that tells by which step's file a request was routed.</summary>
    public const string StepHeader = "x-step";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("resilience-");

    public string Path => System.IO.Path.Combine(_folder.FullName, "mesh.yaml");

    /// <summary>Replaces the file as a whole, as an editor or a deployment would.</summary>
    public void Write(Step step)
    {
        var next = Path + ".next";
        File.WriteAllText(next, Services() + Routes(step) + Limits(step));
        File.Move(next, Path, overwrite: true);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Services() => $$"""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: orders }
        spec:
          hosts: [orders]
          resolution: STATIC
          ports: [{ number: 80, name: http, protocol: HTTP }]
          endpoints:
            - { address: 127.0.0.1, ports: { http: {{first}} } }
            - { address: 127.0.0.1, ports: { http: {{second}} } }
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: shadow }
        spec:
          hosts: [shadow]
          resolution: STATIC
          ports: [{ number: 80, name: http, protocol: HTTP }]
          endpoints: [{ address: 127.0.0.1, ports: { http: {{shadow}} } }]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: limiter }
        spec:
          hosts: [limiter]
          resolution: STATIC
          ports: [{ number: 8081, name: grpc, protocol: GRPC }]
          endpoints: [{ address: 127.0.0.1, ports: { grpc: {{limiter}} } }]

        """;

    // Requests to /ready meet no policy: their answers tell that the file is in force.
    private static string Routes(Step step) => $$"""
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: { name: orders }
        spec:
          hosts: [orders]
          http:
            - name: ready
              match: [{ uri: { exact: /ready } }]
              headers: { response: { set: { {{StepHeader}}: "{{step.Name}}" } } }
              retries: { attempts: 0 }
              route: [{ destination: { host: orders } }]
            - name: orders
              {{step.Policy}}
              route: [{ destination: { host: orders } }]

        """;

    // Both filters stand in the listener all the time. Without a bucket, and without a route that has rate limits, they let everything through.
    private static string Limits(Step step) => $$"""
        ---
        apiVersion: networking.istio.io/v1alpha3
        kind: EnvoyFilter
        metadata: { name: limits, namespace: istio-system }
        spec:
          configPatches:
            - applyTo: HTTP_FILTER
              match:
                context: SIDECAR_OUTBOUND
                listener: { portNumber: 80, filterChain: { filter: { subFilter: { name: envoy.filters.http.router } } } }
              patch:
                operation: INSERT_BEFORE
                value:
                  name: envoy.filters.http.local_ratelimit
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                    stat_prefix: local
            - applyTo: HTTP_FILTER
              match:
                context: SIDECAR_OUTBOUND
                listener: { portNumber: 80, filterChain: { filter: { subFilter: { name: envoy.filters.http.router } } } }
              patch:
                operation: INSERT_BEFORE
                value:
                  name: envoy.filters.http.ratelimit
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit
                    domain: shop
                    timeout: 2s
                    failure_mode_deny: true
                    rate_limit_service:
                      transport_api_version: V3
                      grpc_service: { envoy_grpc: { cluster_name: outbound|8081||limiter } }
        {{step.RateLimit}}
        """;
}
