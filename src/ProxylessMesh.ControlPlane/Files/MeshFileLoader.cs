using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.World;
using ProxylessMesh.ControlPlane.Yaml;

namespace ProxylessMesh.ControlPlane.Files;

/// <summary>Reads a mesh file as a whole. Stateless.</summary>
internal static class MeshFileLoader
{
    /// <exception cref="MeshFileException">The file cannot be read.</exception>
    public static async Task<string> ReadTextAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            // Whoever rewrites or replaces the file must not find it locked.
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 4096, useAsync: true);
            await using (stream.ConfigureAwait(false))
            {
                using var reader = new StreamReader(stream);
                return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new MeshFileException(path, [$"{path}: cannot be read: {exception.Message}"], exception);
        }
    }

    /// <exception cref="MeshFileException">The text is wrong.</exception>
    public static (MeshWorld World, ImmutableArray<MeshFileProblem> Warnings) Parse(string path, string text)
    {
        var result = MeshYamlReader.Read(path, text);
        return result.Errors.IsEmpty ? (result.World, result.Warnings) : throw new MeshFileException(path, result.Errors);
    }
}
