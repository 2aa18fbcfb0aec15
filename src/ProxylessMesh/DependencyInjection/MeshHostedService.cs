using Microsoft.Extensions.Hosting;

namespace ProxylessMesh.DependencyInjection;

/// <summary>Starts the mesh before any other hosted service, so that those find it ready. The container ends it, after them.</summary>
internal sealed class MeshHostedService(MeshRuntime mesh, ResilienceCheck resilience) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => mesh.PreloadAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        resilience.Run();
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
