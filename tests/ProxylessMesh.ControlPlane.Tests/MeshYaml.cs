using System.Globalization;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.ControlPlane.Yaml;

namespace ProxylessMesh.ControlPlane.Tests;

/// <summary>Mesh files for tests, and the road from text to resources.</summary>
internal static class MeshYaml
{
    public const string File = "mesh.yaml";

    /// <summary>One service <c>orders</c> on port 80 with two versions, split 90 to 10.</summary>
    public const string Orders = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: orders}
        spec:
          hosts: [orders]
          location: MESH_INTERNAL
          resolution: STATIC
          ports:
          - {number: 80, name: http, protocol: HTTP, targetPort: 8080}
          endpoints:
          - {address: 127.0.0.1, ports: {http: 5001}, labels: {version: v1}}
          - {address: 127.0.0.1, ports: {http: 5002}, labels: {version: v2}}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: orders}
        spec:
          host: orders
          subsets:
          - {name: v1, labels: {version: v1}}
          - {name: v2, labels: {version: v2}}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: orders}
        spec:
          hosts: [orders]
          http:
          - route:
            - destination: {host: orders, subset: v1}
              weight: 90
            - destination: {host: orders, subset: v2}
              weight: 10
        """;

    public static MeshResources Translate(string text, int version = 1)
    {
        var result = MeshYamlReader.Read(File, text);
        Assert.Empty(result.Errors);
        return MeshResources.Translate(version.ToString(CultureInfo.InvariantCulture), result.World);
    }

    /// <summary>A static service with one endpoint, as one document.</summary>
    public static string Service(string host, int port = 80, string address = "127.0.0.1", int targetPort = 5001) => $$"""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: {{host}}}
        spec:
          hosts: [{{host}}]
          resolution: STATIC
          ports: [{number: {{port}}, name: http, protocol: HTTP, targetPort: {{targetPort}} }]
          endpoints: [{address: {{address}} }]

        """;
}
