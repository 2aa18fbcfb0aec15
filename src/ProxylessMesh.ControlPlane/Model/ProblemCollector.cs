using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Gathers every problem of a configuration, so that the user sees them all at once. Used by one reader at a time.</summary>
internal sealed class ProblemCollector
{
    private readonly List<MeshFileProblem> _errors = [];
    private readonly List<MeshFileProblem> _warnings = [];

    /// <summary>In the order in which the configuration is read: by the files' names, then by line.</summary>
    public ImmutableArray<MeshFileProblem> Errors => InOrder(_errors);

    /// <inheritdoc cref="Errors"/>
    public ImmutableArray<MeshFileProblem> Warnings => InOrder(_warnings);

    public void Error(ResourceIdentity? resource, SourceField field, string message)
        => _errors.Add(new MeshFileProblem(field.File, field.Line, resource, field.Path, message));

    /// <summary>The configuration is used, but part of it has no effect or not the one it seems to have.</summary>
    public void Warning(ResourceIdentity? resource, SourceField field, string message)
        => _warnings.Add(new MeshFileProblem(field.File, field.Line, resource, field.Path, message));

    private static ImmutableArray<MeshFileProblem> InOrder(List<MeshFileProblem> problems)
        => [.. problems.OrderBy(problem => problem.File, StringComparer.Ordinal).ThenBy(problem => problem.Line)];
}
