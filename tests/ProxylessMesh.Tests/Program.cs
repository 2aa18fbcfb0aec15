using System.Net;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests;

/// <summary>What tests run as a process of its own, where the environment matters: <c>send-all-ways server-uri</c>.</summary>
internal static class Program
{
    /// <returns>0 after it has written who answered each request.</returns>
    public static async Task<int> Main(string[] args)
    {
        if (args is not ["send-all-ways", var serverUri])
        {
            await Console.Error.WriteLineAsync("Run the tests with dotnet test.");
            return 1;
        }

        await using var mesh = await Mesh.StartAsync(new MeshOptions { Bootstrap = BootstrapJson.Insecure(serverUri) }, CancellationToken.None);
        using var client = new HttpClient(mesh.CreateHandler()) { Timeout = TestTimeouts.Default };
        foreach (var (authority, version) in new[] { ("orders", HttpVersion.Version11), ("echo", HttpVersion.Version20) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{authority}/") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var response = await client.SendAsync(request);
            Console.WriteLine($"{authority} {response.Headers.GetValues("x-backend").Single()}");
        }

        using var channel = mesh.CreateGrpcChannel("xds:///echo");
        var reply = await new EchoService.EchoServiceClient(channel).UnaryAsync(new EchoRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + TestTimeouts.Default);
        Console.WriteLine($"grpc {reply.Backend}");

        using var outside = await client.GetAsync(new Uri("http://outside.example/"));
        Console.WriteLine($"outside {(int)outside.StatusCode}");
        return 0;
    }
}
