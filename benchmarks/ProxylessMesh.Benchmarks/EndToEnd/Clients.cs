using System.Net;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ProxylessMesh.Benchmarks.EndToEnd;

/// <summary>The clients that are compared: the same calls with and without the mesh, in this process.</summary>
internal sealed class Clients : IAsyncDisposable
{
    private const string Http1Host = "bench-http1";
    private const string Http2Host = "bench-http2";

    private static readonly byte[] Payload = new byte[128];
    private static readonly EchoMessage Message = new() { Payload = ByteString.CopyFrom(Payload) };

    private readonly List<IDisposable> _disposables = [];
    private readonly ServiceFile _file;
    private readonly Mesh _mesh;

    private Clients(Mesh mesh, ServiceFile file, BackendProcess backend)
    {
        _mesh = mesh;
        _file = file;
        Pairs =
        [
            new("HTTP/1.1", Http(Bare(), $"127.0.0.1:{backend.Http1Port}", HttpVersion.Version11), Http(mesh.CreateHandler(), Http1Host, HttpVersion.Version11)),
            new("HTTP/2 (h2c)", Http(Bare(), $"127.0.0.1:{backend.Http2Port}", HttpVersion.Version20), Http(mesh.CreateHandler(), Http2Host, HttpVersion.Version20)),
            new(
                "gRPC unary",
                Grpc(GrpcChannel.ForAddress($"http://127.0.0.1:{backend.Http2Port}", new GrpcChannelOptions { HttpHandler = Bare(), DisposeHttpClient = true })),
                Grpc(mesh.CreateGrpcChannel($"xds:///{Http2Host}"))),
        ];
    }

    public IReadOnlyList<ClientPair> Pairs { get; }

    public static async Task<Clients> StartAsync(BackendProcess backend)
    {
        var file = new ServiceFile();
        file.Add(Http1Host, backend.Http1Port);
        file.Add(Http2Host, backend.Http2Port);
        var options = new MeshOptions { Preload = { Http1Host, Http2Host }, WaitForConfiguration = TimeSpan.FromSeconds(10) };
        var mesh = await Mesh.StartAsync(options.UseMeshYaml(file.Path), CancellationToken.None);
        return new Clients(mesh, file, backend);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var disposable in _disposables)
        {
            disposable.Dispose();
        }

        await _mesh.DisposeAsync();
        _file.Dispose();
    }

    /// <summary>Set up as the mesh sets up its own, so that what a handler does by default (redirects, cookies) is no difference.</summary>
    private static SocketsHttpHandler Bare() => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        EnableMultipleHttp2Connections = true,
    };

    private Func<Task> Http(HttpMessageHandler handler, string authority, Version version)
    {
        var client = new HttpClient(handler);
        var uri = new Uri($"http://{authority}/echo");
        _disposables.Add(client);
        return async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, uri)
            {
                Version = version,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent(Payload),
            };
            using var response = await client.SendAsync(request);
            response.EnsureSuccessStatusCode();
        };
    }

    private Func<Task> Grpc(GrpcChannel channel)
    {
        var client = new EchoService.EchoServiceClient(channel);
        _disposables.Add(channel);
        return async () => await client.UnaryAsync(Message);
    }
}

/// <summary>One protocol's call without the mesh and with it.</summary>
internal sealed record ClientPair(string Protocol, Func<Task> Bare, Func<Task> Mesh);
