using ProxylessMesh;
using ProxylessMesh.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts single clients into the mesh.</summary>
public static class MeshHttpClientBuilderExtensions
{
    /// <summary>
    /// Puts this client into the mesh, for an application that turned <see cref="MeshOptions.EnrollAllClients"/> off. Works for
    /// <c>AddHttpClient</c> and <c>AddGrpcClient</c> alike. Harmless when repeated.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <returns>The same builder.</returns>
    public static IHttpClientBuilder AddMeshHandler(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddMesh();
        builder.Services.Configure<MeshClientOptions>(builder.Name, client => client.IsEnrolled = true);
        return builder;
    }
}
