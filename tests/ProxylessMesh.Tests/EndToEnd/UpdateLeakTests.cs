using System.Diagnostics;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>A thousand updates of every kind under load leave no cluster, endpoint, connection or thread behind. The heap as a whole is not judged.</summary>
[Collection(nameof(Alone))]
public sealed class UpdateLeakTests
{
    private const int WarmUp = 300;
    private const int Updates = 1000;

    /// <summary>The thread pool breathes; a thread for each update would be a thousand.</summary>
    private const int ThreadBound = 40;

    [Fact]
    public async Task Updates_AThousandUnderLoad_LeaveNoClusterEndpointConnectionOrThreadBehind()
    {
        await using var mesh = await GenerationMesh.StartAsync(seed: 1, readers: 2);
        var left = new List<WeakReference>();
        await UpdateAsync(mesh, 1, WarmUp, []);
        await mesh.EffectiveAsync(WarmUp);
        var before = Measure(mesh);

        await UpdateAsync(mesh, WarmUp + 1, WarmUp + Updates, left);
        await mesh.EffectiveAsync(WarmUp + Updates);
        await mesh.StopAsync();
        var after = Measure(mesh);

        Assert.Empty(mesh.Faults);
        Assert.InRange(after - before, int.MinValue, ThreadBound);
        Assert.InRange(mesh.Transport.OpenCount, 1, 6);
        Assert.Equal(2, mesh.Mesh.Mesh.Runtime.Snapshot.Clusters.Count);
        Assert.InRange(left.Count(reference => reference.IsAlive), 0, 8); // of the last generation, and what a stack may still hold
        Assert.True(left.Count > Updates, "clusters and endpoints were followed");
    }

    private static async Task UpdateAsync(GenerationMesh mesh, int first, int last, List<WeakReference> left)
    {
        for (var generation = first; generation <= last; generation++)
        {
            await mesh.UpdateAsync(generation, waits: false);
            Follow(mesh, left);
        }
    }

    /// <summary>Remembers the live clusters and endpoints without holding on to them.</summary>
    private static void Follow(GenerationMesh mesh, List<WeakReference> left)
    {
        foreach (var cluster in mesh.Mesh.Mesh.Runtime.Pipeline!.Listeners.Find(new Uri("http://orders"))!.Listener.View.Routes!.Clusters)
        {
            left.Add(new WeakReference(cluster));
            left.AddRange(cluster.View.Endpoints.Select(endpoint => new WeakReference(endpoint)));
        }
    }

    private static int Measure(GenerationMesh mesh)
    {
        foreach (var stream in mesh.Mesh.ControlPlane.Server.Streams)
        {
            stream.ForgetRequests();
        }

        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }
}
