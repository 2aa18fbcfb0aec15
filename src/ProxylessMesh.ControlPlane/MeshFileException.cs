using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane;

/// <summary>A mesh file is missing, unreadable or wrong, or a directory has none. <see cref="Errors"/> lists everything that is wrong, not only the first.</summary>
public sealed class MeshFileException : Exception
{
    internal MeshFileException(string path, ImmutableArray<MeshFileProblem> problems)
        : this(path, [.. problems.Select(problem => problem.ToString())], innerException: null)
    {
    }

    internal MeshFileException(string path, IReadOnlyList<string> errors, Exception? innerException)
        : base($"The mesh configuration '{path}' cannot be used:{string.Concat(errors.Select(error => $"{Environment.NewLine}  {error}"))}", innerException)
    {
        FilePath = path;
        Errors = errors;
    }

    /// <summary>The file or directory, as it was named to the control plane.</summary>
    public string FilePath { get; }

    /// <summary>
    /// One line per error, by file and line:
    /// <c>file:line: kind namespace/name: field: rule and remedy</c>. Never empty.
    /// </summary>
    public IReadOnlyList<string> Errors { get; }
}
