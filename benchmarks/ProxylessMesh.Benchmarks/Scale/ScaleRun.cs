using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using ProxylessMesh.Clusters;
using ProxylessMesh.Http;
using ProxylessMesh.Transport;

namespace ProxylessMesh.Benchmarks.Scale;

/// <summary>What a large configuration costs: the time until it is in effect, the memory it holds, and the time until a changed endpoint set is in effect.</summary>
internal static class ScaleRun
{
    private const int Clusters = 10_000;
    private const int EndpointsPerCluster = 10;
    private const int Rounds = 5;
    private const int Changes = 100;

    public static async Task<int> MainAsync()
    {
        Console.WriteLine("| Round | bytes received | in effect after | heap, total | heap per endpoint | changed endpoint set in effect after, median | worst of 100 |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|");
        for (var round = 1; round <= Rounds; round++)
        {
            Console.WriteLine(await RoundAsync(round));
        }

        return 0;
    }

    private static async Task<string> RoundAsync(int round)
    {
        var controlPlane = new ScaleControlPlane(Clusters, EndpointsPerCluster);
        var heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        await using var runtime = new MeshRuntime(
            new MeshOptions(), controlPlane, TimeProvider.System, SharedRandomSource.Instance, SystemHostResolver.Instance, new StubTransport(new StubHandler()), NullLoggerFactory.Instance);
        var pipeline = await runtime.StartAsync(CancellationToken.None);
        var listener = pipeline.Listeners.Find(XdsTarget.Parse(new Uri($"xds:///{ScaleControlPlane.Listener}"))!).Listener;
        for (var view = listener.View; view.Routes is null; view = listener.View)
        {
            await listener.WaitForChangeAsync(view, CancellationToken.None);
        }

        var clusters = listener.View.Routes!.Clusters.ToArray(); // the loop ends with routes
        foreach (var cluster in clusters)
        {
            for (var view = cluster.View; view.IsPending; view = cluster.View)
            {
                await cluster.WaitForChangeAsync(view, CancellationToken.None);
            }
        }

        var inEffect = Stopwatch.GetElapsedTime(controlPlane.FirstRead);
        if (clusters.Length != Clusters || clusters.Any(static cluster => cluster.View.Endpoints.Length != EndpointsPerCluster))
        {
            throw new InvalidOperationException("Not all of it is in effect.");
        }

        var heap = GC.GetTotalMemory(forceFullCollection: true) - heapBefore;
        var changes = new List<double>();
        for (var i = 0; i < Changes; i++)
        {
            changes.Add(await ChangeAsync(controlPlane, clusters, i));
        }

        changes.Sort();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {round} | {controlPlane.Bytes / 1e6:0.0} MB | {inEffect.TotalSeconds:0.00} s | {heap / 1e6:0.0} MB | {heap / (Clusters * EndpointsPerCluster)} B | {changes[changes.Count / 2]:0.00} ms | {changes[^1]:0.00} ms |");
    }

    private static async Task<double> ChangeAsync(ScaleControlPlane controlPlane, ClusterState[] clusters, int number)
    {
        var index = number * (Clusters / Changes);
        var cluster = clusters.Single(cluster => cluster.Name == $"service-{index:00000}");
        var port = 9000 + number;
        var start = Stopwatch.GetTimestamp();
        controlPlane.Change(index, (uint)port);
        for (var view = cluster.View; view.Endpoints[0].Address.Port != port; view = cluster.View)
        {
            await cluster.WaitForChangeAsync(view, CancellationToken.None);
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
