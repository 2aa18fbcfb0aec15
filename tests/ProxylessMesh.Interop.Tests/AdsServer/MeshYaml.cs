using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Interop.Tests.AdsServer;

/// <summary>Mesh files in front of real backends.</summary>
internal static class MeshYaml
{
    /// <summary>A gRPC service on port 9090 with one backend.</summary>
    public static string Grpc(string host, Backend backend) => Service(host, 9090, "GRPC", ("v1", backend));

    /// <summary>An HTTP service on port 80 with one backend.</summary>
    public static string Http(string host, Backend backend) => Service(host, 80, "HTTP", ("v1", backend));

    /// <summary>A gRPC service on port 9090 with two versions, split by weight.</summary>
    public static string GrpcSplit(string host, Backend v1, int weight1, Backend v2, int weight2) => $$"""
        {{Service(host, 9090, "GRPC", ("v1", v1), ("v2", v2))}}
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: {{host}}}
        spec:
          host: {{host}}
          subsets:
          - name: v1
            labels: {version: v1}
          - name: v2
            labels: {version: v2}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: {{host}}}
        spec:
          hosts: [{{host}}]
          http:
          - route:
            - destination: {host: {{host}}, subset: v1}
              weight: {{weight1}}
            - destination: {host: {{host}}, subset: v2}
              weight: {{weight2}}
        ---

        """;

    private static string Service(string host, int port, string protocol, params (string Version, Backend Backend)[] versions) => $$"""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: {{host}}}
        spec:
          hosts: [{{host}}]
          resolution: STATIC
          ports:
          - number: {{port}}
            name: main
            protocol: {{protocol}}
          endpoints:
        {{string.Join('\n', versions.Select(static version => $"  - {{address: {version.Backend.Address}, ports: {{main: {version.Backend.Port}}}, labels: {{version: {version.Version}}}}}"))}}
        ---

        """;
}
