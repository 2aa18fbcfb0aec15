using ProxylessMesh;
using ProxylessMesh.ControlPlane;
using ProxylessMesh.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures the mesh by a file instead of a control plane.</summary>
public static class MeshYamlExtensions
{
    /// <summary>
    /// Takes the mesh's configuration from a file, or the files of a directory, in the kinds of Istio, Kubernetes and the Gateway
    /// API. They are followed: a change is in effect within about a second; a mistake is reported and the last good
    /// configuration stays in effect. Wins over an xDS bootstrap.
    /// </summary>
    /// <param name="builder">The mesh.</param>
    /// <param name="path">The file, or a directory whose files <c>*.yaml</c> and <c>*.yml</c> are one configuration; a relative path is looked for in the working directory, then beside the application.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="MeshFileException">Thrown at start-up when a file is missing or has a mistake, or the directory has no file; names file, line, resource and field.</exception>
    public static IMeshBuilder AddMeshYaml(this IMeshBuilder builder, string path) => builder.AddMeshYaml(path, _ => { });

    /// <inheritdoc cref="AddMeshYaml(IMeshBuilder, string)"/>
    /// <param name="builder">The mesh.</param>
    /// <param name="path">The file, or a directory whose files <c>*.yaml</c> and <c>*.yml</c> are one configuration; a relative path is looked for in the working directory, then beside the application.</param>
    /// <param name="configure">Says who this process is: its namespace, labels and locality.</param>
    public static IMeshBuilder AddMeshYaml(this IMeshBuilder builder, string path, Action<MeshYamlOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.Configure<MeshOptions>(options => options.UseMeshYaml(path, configure));
        return builder;
    }

    /// <summary>The same for a mesh without a host: <c>Mesh.StartAsync(new MeshOptions().UseMeshYaml("mesh.yaml"), cancellationToken)</c>.</summary>
    /// <inheritdoc cref="AddMeshYaml(IMeshBuilder, string)"/>
    /// <param name="options">The mesh's options.</param>
    /// <param name="path">The file, or a directory whose files <c>*.yaml</c> and <c>*.yml</c> are one configuration; a relative path is looked for in the working directory, then beside the application.</param>
    /// <returns>The same options.</returns>
    public static MeshOptions UseMeshYaml(this MeshOptions options, string path) => options.UseMeshYaml(path, _ => { });

    /// <inheritdoc cref="UseMeshYaml(MeshOptions, string)"/>
    /// <param name="options">The mesh's options.</param>
    /// <param name="path">The file, or a directory whose files <c>*.yaml</c> and <c>*.yml</c> are one configuration; a relative path is looked for in the working directory, then beside the application.</param>
    /// <param name="configure">Says who this process is: its namespace, labels and locality.</param>
    public static MeshOptions UseMeshYaml(this MeshOptions options, string path, Action<MeshYamlOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(configure);
        var identity = new MeshYamlOptions();
        configure(identity);
        options.ControlPlane = new MeshYamlControlPlane(path, identity);
        return options;
    }
}
