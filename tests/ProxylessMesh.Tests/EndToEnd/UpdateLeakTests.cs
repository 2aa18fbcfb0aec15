using System.Diagnostics;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>A thousand updates of every kind under load leave nothing behind: no cluster, endpoint, connection or thread, and no memory.</summary>
[Collection(nameof(Alone))]
public sealed class UpdateLeakTests
{
    private const int Readers = 2;
    private const int WarmUp = 200;
    private const int Updates = 1000;

    /// <summary>The thread pool breathes; a thread for each update would be a thousand.</summary>
    private const int ThreadBound = 40;

    /// <summary>In bytes; one subscription forgotten in a collection that should have let go of it costs several times as much.</summary>
    private const int HeapBoundOfAnUpdate = 200;

    [Fact]
    public async Task Updates_AThousandUnderLoad_LeaveNothingBehind()
    {
        await using var mesh = await GenerationMesh.StartAsync(seed: 1, Readers, timeout: TimeSpan.FromSeconds(15));
        var left = new List<WeakReference>();
        await UpdateAsync(mesh, 1, WarmUp, left);
        var before = await MeasureAsync(mesh, left);

        mesh.Resume(Readers);
        await UpdateAsync(mesh, WarmUp + 1, WarmUp + Updates, left);
        var followed = left.Count;
        var after = await MeasureAsync(mesh, left);

        Assert.Empty(mesh.Faults);
        Assert.InRange(after.Heap - before.Heap, long.MinValue, Updates * HeapBoundOfAnUpdate);
        Assert.InRange(after.Threads - before.Threads, int.MinValue, ThreadBound);
        Assert.InRange(mesh.Transport.OpenCount, 1, 6);
        Assert.Equal(2, mesh.Mesh.Mesh.Runtime.Snapshot.Clusters.Count);
        Assert.InRange(left.Count, 0, 8); // of the last generation, and what a stack may still hold
        Assert.True(followed > Updates, "clusters and endpoints were followed");
    }

    private static async Task UpdateAsync(GenerationMesh mesh, int first, int last, List<WeakReference> left)
    {
        for (var generation = first; generation <= last; generation++)
        {
            await mesh.UpdateAsync(generation, waits: false);
            Follow(mesh, left);
        }

        await mesh.EffectiveAsync(last);
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

    /// <summary>What there is without requests, once the test has let go of what it knows of the past; of those followed, the ones alive stay in the list.</summary>
    private static async Task<(long Heap, int Threads)> MeasureAsync(GenerationMesh mesh, List<WeakReference> left)
    {
        await mesh.StopAsync(); // requests under way are no leak, and too much noise
        foreach (var stream in mesh.Mesh.ControlPlane.Server.Streams)
        {
            stream.ForgetRequests();
        }

        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        left.RemoveAll(reference => !reference.IsAlive);
        left.TrimExcess();
        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), process.Threads.Count);
    }
}
