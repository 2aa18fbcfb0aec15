using Microsoft.Extensions.DependencyInjection;

namespace ProxylessMesh.DependencyInjection;

internal sealed class MeshBuilder(IServiceCollection services) : IMeshBuilder
{
    public IServiceCollection Services { get; } = services;
}
