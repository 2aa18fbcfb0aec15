using System.Diagnostics;
using System.Globalization;
using Envoy.Service.Discovery.V3;
using Grpc.Net.Client;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.Cli;

/// <summary>The tool as a user runs it: a process of its own.</summary>
public sealed class ServeCommandTests : IDisposable
{
    private const string Announcement = "listening on ";
    private const string Terminate = "TERM";
    private const string Interrupt = "INT";

    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _timeout = new(TestTimeouts.Default);

    public void Dispose()
    {
        _directory.Dispose();
        _timeout.Dispose();
    }

    [Theory]
    [InlineData(Terminate)]
    [InlineData(Interrupt)]
    public async Task Serve_GoodFile_ServesUntilTheSignal(string signal)
    {
        using var mesh = Start("serve", "--config", _directory.Write("mesh.yaml", MeshYaml.Orders), "--listen", "127.0.0.1:0");
        var line = await mesh.StandardOutput.ReadLineAsync(_timeout.Token);
        Assert.StartsWith(Announcement + "http://127.0.0.1:", line, StringComparison.Ordinal);
        using (var channel = GrpcChannel.ForAddress(line![Announcement.Length..]))
        using (var call = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(channel).StreamAggregatedResources(cancellationToken: _timeout.Token))
        {
            await call.RequestStream.WriteAsync(new DiscoveryRequest { TypeUrl = ResourceTypes.Listener, ResourceNames = { "orders" } });
            Assert.True(await call.ResponseStream.MoveNext(_timeout.Token));
            Assert.Single(call.ResponseStream.Current.Resources);
        }

        using var kill = Process.Start("kill", [$"-{signal}", mesh.Id.ToString(CultureInfo.InvariantCulture)]);
        await mesh.WaitForExitAsync(_timeout.Token);

        Assert.Equal(0, mesh.ExitCode);
    }

    [Fact]
    public async Task Serve_BadFile_PrintsEveryErrorAndFails()
    {
        var path = _directory.Write("mesh.yaml", "kind: Nonsense\n");
        using var mesh = Start("serve", "--config", path, "--listen", "127.0.0.1:0");

        var errors = await mesh.StandardError.ReadToEndAsync(_timeout.Token);
        await mesh.WaitForExitAsync(_timeout.Token);

        Assert.Equal(1, mesh.ExitCode);
        Assert.Equal(4, errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.StartsWith($"{path}:1: ", StringComparison.Ordinal)));
        Assert.Equal("", await mesh.StandardOutput.ReadToEndAsync(_timeout.Token));
    }

    [Fact]
    public async Task Serve_Directory_ServesAllItsFilesAndNamesTheBadOne()
    {
        _directory.Write("cart.yml", MeshYaml.Service("cart"));
        var orders = _directory.Write("orders.yaml", "kind: Nonsense\n");
        using (var bad = Start("serve", "--config", _directory.File(""), "--listen", "127.0.0.1:0"))
        {
            var errors = await bad.StandardError.ReadToEndAsync(_timeout.Token);
            await bad.WaitForExitAsync(_timeout.Token);
            Assert.Equal(1, bad.ExitCode);
            Assert.Contains($"{orders}:1: ", errors, StringComparison.Ordinal);
        }

        _directory.Write("orders.yaml", MeshYaml.Service("orders"));
        using var mesh = Start("serve", "--config", _directory.File(""), "--listen", "127.0.0.1:0");
        var line = await mesh.StandardOutput.ReadLineAsync(_timeout.Token);
        using (var channel = GrpcChannel.ForAddress(line![Announcement.Length..]))
        using (var call = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(channel).StreamAggregatedResources(cancellationToken: _timeout.Token))
        {
            await call.RequestStream.WriteAsync(new DiscoveryRequest { TypeUrl = ResourceTypes.Listener, ResourceNames = { "orders", "cart" } });
            Assert.True(await call.ResponseStream.MoveNext(_timeout.Token));
            Assert.Equal(2, call.ResponseStream.Current.Resources.Count);
        }

        using var kill = Process.Start("kill", [$"-{Terminate}", mesh.Id.ToString(CultureInfo.InvariantCulture)]);
        await mesh.WaitForExitAsync(_timeout.Token);
    }

    [Fact]
    public async Task Serve_BadListenAddress_SaysHowToWriteIt()
    {
        using var mesh = Start("serve", "--config", _directory.Write("mesh.yaml", MeshYaml.Orders), "--listen", "nowhere");

        var errors = await mesh.StandardError.ReadToEndAsync(_timeout.Token);
        await mesh.WaitForExitAsync(_timeout.Token);

        Assert.Equal(1, mesh.ExitCode);
        Assert.Contains("The listen address 'nowhere' must be ", errors, StringComparison.Ordinal);
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ProxylessMesh.Cli.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!; // the tool is no shell document: a process is always started
    }
}
