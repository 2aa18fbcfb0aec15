using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.World;
using ProxylessMesh.ControlPlane.Yaml;

namespace ProxylessMesh.ControlPlane.Files;

/// <summary>Reads a mesh configuration as a whole: a file, or every YAML file of a directory. Stateless.</summary>
internal static class MeshFileLoader
{
    /// <returns>The file, or the files of the directory in the order of their precedence. Never empty.</returns>
    /// <exception cref="MeshFileException">A file cannot be read, or the directory has none.</exception>
    public static async Task<ImmutableArray<MeshFile>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(path))
        {
            return await TryReadAsync(path, [path], cancellationToken).ConfigureAwait(false);
        }

        while (true)
        {
            var names = List(path);
            try
            {
                return await TryReadAsync(path, names, cancellationToken).ConfigureAwait(false);
            }
            catch (MeshFileException exception) when (exception.InnerException is FileNotFoundException or DirectoryNotFoundException && !names.SequenceEqual(List(path)))
            {
                // One went away between the two; what is there now counts.
            }
        }
    }

    /// <exception cref="MeshFileException">The files are wrong.</exception>
    public static (MeshWorld World, ImmutableArray<MeshFileProblem> Warnings) Parse(string path, IEnumerable<MeshFile> files)
    {
        var result = MeshYamlReader.Read(files);
        return result.Errors.IsEmpty ? (result.World, result.Warnings) : throw new MeshFileException(path, result.Errors);
    }

    // Hidden files are left out: editors keep locks and drafts in them.
    private static ImmutableArray<string> List(string directory)
    {
        try
        {
            ImmutableArray<string> files = [.. Directory.EnumerateFiles(directory).Where(IsYaml).Order(StringComparer.Ordinal)];
            return files.IsEmpty
                ? throw new MeshFileException(directory, [$"{directory}: has no file *.yaml or *.yml; put the mesh's resources into one"], innerException: null)
                : files;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw NotReadable(directory, directory, exception);
        }
    }

    private static bool IsYaml(string file)
        => Path.GetExtension(file) is ".yaml" or ".yml" && !Path.GetFileName(file).StartsWith('.');

    private static async Task<ImmutableArray<MeshFile>> TryReadAsync(string path, ImmutableArray<string> names, CancellationToken cancellationToken)
    {
        var files = ImmutableArray.CreateBuilder<MeshFile>(names.Length);
        foreach (var name in names)
        {
            try
            {
                files.Add(new MeshFile(name, await ReadTextAsync(name, cancellationToken).ConfigureAwait(false)));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw NotReadable(path, name, exception);
            }
        }

        return files.MoveToImmutable();
    }

    private static async Task<string> ReadTextAsync(string file, CancellationToken cancellationToken)
    {
        // Whoever rewrites or replaces the file must not find it locked.
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 4096, useAsync: true);
        await using (stream.ConfigureAwait(false))
        {
            using var reader = new StreamReader(stream);
            return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static MeshFileException NotReadable(string path, string file, Exception exception)
        => new(path, [$"{file}: cannot be read: {exception.Message}"], exception);
}
