using Microsoft.Extensions.DependencyInjection;
using ProxylessMesh;
using ProxylessMesh.DependencyInjection;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds the mesh to an application.</summary>
public static class MeshHostApplicationBuilderExtensions
{
    /// <summary>
    /// Adds the mesh, its options bound to the configuration section <c>Mesh</c>: every client of HttpClientFactory and
    /// GrpcClientFactory then reaches mesh services by name, such as <c>http://orders</c> or <c>xds:///orders</c>.
    /// </summary>
    /// <param name="builder">The application's builder.</param>
    /// <returns>A builder for further configuration.</returns>
    public static IMeshBuilder AddMesh(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Services.AddMesh(builder.Configuration.GetSection(MeshOptions.SectionName));
    }

    /// <summary>Adds the mesh, its options bound to the configuration section <c>Mesh</c> and then set by <paramref name="configure"/>.</summary>
    /// <inheritdoc cref="AddMesh(IHostApplicationBuilder)"/>
    /// <param name="builder">The application's builder.</param>
    /// <param name="configure">Sets the options.</param>
    public static IMeshBuilder AddMesh(this IHostApplicationBuilder builder, Action<MeshOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var mesh = builder.AddMesh();
        builder.Services.Configure(configure);
        return mesh;
    }
}
