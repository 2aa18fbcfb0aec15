using System.Text;
using Microsoft.Extensions.Configuration;

namespace ProxylessMesh.Bootstrap;

/// <summary>
/// Finds the bootstrap. gRFC A27's order first: the file that <c>GRPC_XDS_BOOTSTRAP</c> names, then the JSON in
/// <c>GRPC_XDS_BOOTSTRAP_CONFIG</c>; then <see cref="MeshOptions.Bootstrap"/>, and the configuration section <c>Mesh</c>. The first that is there is used, and an
/// error in it is never covered up by the next.
/// </summary>
internal static class BootstrapLoader
{
    public const string FileVariable = "GRPC_XDS_BOOTSTRAP";

    public const string InlineVariable = "GRPC_XDS_BOOTSTRAP_CONFIG";

    public const string SectionName = "Mesh";

    /// <summary>A path or inline JSON, under <see cref="SectionName"/>.</summary>
    public const string BootstrapKey = "Bootstrap";

    /// <param name="environment">Reads an environment variable. An empty one counts as not set.</param>
    /// <param name="configuration">The application's configuration, if it has any.</param>
    /// <param name="option">What <see cref="MeshOptions.Bootstrap"/> is set to; by <c>builder.AddMesh()</c>, from the section.</param>
    /// <returns><see langword="null"/> when there is no bootstrap anywhere.</returns>
    /// <exception cref="MeshBootstrapException">There is one, and it cannot be used.</exception>
    public static BootstrapConfig? Load(Func<string, string?> environment, IConfiguration? configuration, string? option = null)
    {
        if (environment(FileVariable) is { Length: > 0 } path)
        {
            return ReadFile(path, $"environment variable {FileVariable}");
        }

        if (environment(InlineVariable) is { Length: > 0 } json)
        {
            return BootstrapReader.Read(Encoding.UTF8.GetBytes(json), $"environment variable {InlineVariable}");
        }

        if (!string.IsNullOrEmpty(option) && option != configuration?[$"{SectionName}:{BootstrapKey}"])
        {
            return ReadValue(option, "MeshOptions.Bootstrap");
        }

        return configuration is null ? null : ReadSection(configuration.GetSection(SectionName));
    }

    private static BootstrapConfig? ReadSection(IConfigurationSection section)
    {
        var isTree = ConfigurationTree.HasBootstrap(section);
        if (section[BootstrapKey] is not { Length: > 0 } value)
        {
            return isTree ? BootstrapReader.Read(ConfigurationTree.ToJson(section), $"configuration section {SectionName}") : null;
        }

        var origin = $"configuration key {SectionName}:{BootstrapKey}";
        if (isTree)
        {
            throw new MeshBootstrapException(
                origin, null, $"stands beside {SectionName}:{ConfigurationTree.ServersKey}, which is a bootstrap too", "Remove one of the two.");
        }

        return ReadValue(value, origin);
    }

    private static BootstrapConfig ReadValue(string value, string origin)
        => value.AsSpan().TrimStart().StartsWith('{')
            ? BootstrapReader.Read(Encoding.UTF8.GetBytes(value), origin)
            : ReadFile(value, origin);

    private static BootstrapConfig ReadFile(string path, string namedBy)
    {
        var origin = $"file '{path}' ({namedBy})";
        return BootstrapReader.Read(BootstrapFile.Read(path, origin), origin);
    }
}
