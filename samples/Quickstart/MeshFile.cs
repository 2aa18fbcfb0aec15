namespace Quickstart;

/// <summary>The mesh.yaml that the quickstart writes into a temporary folder, and rewrites while requests flow.</summary>
internal sealed class MeshFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("quickstart-");

    public string Path => System.IO.Path.Combine(_folder.FullName, "mesh.yaml");

    /// <summary>Replaces the file as a whole, as an editor or a deployment would.</summary>
    public void Write(Backend v1, int weight1, Backend v2, int weight2)
    {
        var next = Path + ".next";
        File.WriteAllText(next, $$"""
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: { name: orders }
            spec:
              hosts: [orders]
              resolution: STATIC
              ports:
                - { number: 80, name: http, protocol: HTTP }
                - { number: 9090, name: grpc, protocol: GRPC }
              endpoints:
                - address: 127.0.0.1
                  ports: { http: {{v1.HttpPort}}, grpc: {{v1.GrpcPort}} }
                  labels: { version: {{v1.Version}} }
                - address: 127.0.0.1
                  ports: { http: {{v2.HttpPort}}, grpc: {{v2.GrpcPort}} }
                  labels: { version: {{v2.Version}} }
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: { name: orders }
            spec:
              host: orders
              subsets:
                - { name: v1, labels: { version: {{v1.Version}} } }
                - { name: v2, labels: { version: {{v2.Version}} } }
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: { name: orders }
            spec:
              hosts: [orders]
              http:
                - route:
                    - { destination: { host: orders, subset: v1 }, weight: {{weight1}} }
                    - { destination: { host: orders, subset: v2 }, weight: {{weight2}} }

            """);
        File.Move(next, Path, overwrite: true);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
