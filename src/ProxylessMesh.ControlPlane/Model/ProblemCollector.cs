using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Gathers every problem of one file, so that the user sees them all at once. Used by one reader at a time.</summary>
internal sealed class ProblemCollector(string file)
{
    private readonly List<MeshFileProblem> _errors = [];
    private readonly List<MeshFileProblem> _warnings = [];

    /// <summary>In the order of the file's lines.</summary>
    public ImmutableArray<MeshFileProblem> Errors => [.. _errors.OrderBy(problem => problem.Line)];

    /// <inheritdoc cref="Errors"/>
    public ImmutableArray<MeshFileProblem> Warnings => [.. _warnings.OrderBy(problem => problem.Line)];

    public void Error(ResourceIdentity? resource, SourceField field, string message)
        => _errors.Add(new MeshFileProblem(file, field.Line, resource, field.Path, message));

    /// <summary>The file is used, but part of it has no effect or not the one it seems to have.</summary>
    public void Warning(ResourceIdentity? resource, SourceField field, string message)
        => _warnings.Add(new MeshFileProblem(file, field.Line, resource, field.Path, message));
}
