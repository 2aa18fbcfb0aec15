namespace ProxylessMesh.Benchmarks;

/// <summary>A mesh.yaml in a temporary directory of its own: services with one endpoint each.</summary>
internal sealed class ServiceFile : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("proxylessmesh-benchmarks-");

    public string Path => System.IO.Path.Combine(_directory.FullName, "mesh.yaml");

    /// <param name="host">What requests call the service.</param>
    /// <param name="port">The port of its endpoint on 127.0.0.1.</param>
    /// <param name="routes">How many routes it has; the last is the one for all requests.</param>
    public void Add(string host, int port, int routes = 1)
    {
        var others = Enumerable.Range(1, routes - 1).Select(static i => $$"""
                - match: [{ uri: { prefix: /never-{{i}}/ }, headers: { x-never: { exact: "{{i}}" } } }]
                  route: [{ destination: { host: HOST } }]

            """);
        File.AppendAllText(Path, $$"""
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: { name: HOST }
            spec:
              hosts: [HOST]
              ports: [{ number: 80, name: http, protocol: HTTP }]
              resolution: STATIC
              endpoints: [{ address: 127.0.0.1, ports: { http: {{port}} } }]
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: { name: HOST }
            spec:
              hosts: [HOST]
              http:
            {{string.Concat(others)}}    - route: [{ destination: { host: HOST } }]
            ---

            """.Replace("HOST", host, StringComparison.Ordinal));
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
