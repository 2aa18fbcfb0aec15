using System.Diagnostics;
using System.Runtime.InteropServices;
using ProxylessMesh.Tests.Peers;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>A proxy that the environment names is never between the mesh and an endpoint, nor between it and the control plane.</summary>
public sealed class ProxyEnvironmentTests
{
    private static readonly string[] Variables = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

    [Fact]
    public async Task Environment_NamesAProxy_OnlyRequestsOutsideTheMeshGoThere()
    {
        await using var proxy = Http1Peer.StartAnswering("HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n");
        await using var http = await Backend.StartAsync("http", BackendProtocol.Http1);
        await using var grpc = await Backend.StartAsync("grpc", BackendProtocol.Http2);
        await using var controlPlane = await ReplayAdsServer.StartAsync([.. XdsResources.Service("orders", http), .. XdsResources.Service("echo", grpc)]);
        var start = new ProcessStartInfo(Dotnet(), ["exec", typeof(ProxyEnvironmentTests).Assembly.Location, "send-all-ways", controlPlane.ServerUri])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var variable in Variables)
        {
            start.Environment[variable] = $"http://127.0.0.1:{proxy.Port}";
        }

        start.Environment.Remove("no_proxy");
        start.Environment.Remove("NO_PROXY");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TestTimeouts.Default * 2);

        Assert.Equal("", await errors);
        Assert.Equal(["orders http", "echo grpc", "grpc grpc", "outside 418"], (await output).Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["GET http://outside.example/ HTTP/1.1"], proxy.Requests);
        Assert.Equal(1, proxy.ConnectionCount);
    }

    /// <summary>The program that runs this test's runtime.</summary>
    private static string Dotnet()
        => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
}
