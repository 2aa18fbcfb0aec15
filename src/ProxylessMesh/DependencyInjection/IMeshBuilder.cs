using Microsoft.Extensions.DependencyInjection;

namespace ProxylessMesh.DependencyInjection;

/// <summary>Configures the mesh of an application; made by <c>AddMesh()</c>.</summary>
public interface IMeshBuilder
{
    /// <summary>The application's services.</summary>
    IServiceCollection Services { get; }
}
