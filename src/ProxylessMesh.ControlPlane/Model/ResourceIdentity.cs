namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Which resource of the file, in Kubernetes' terms: <c>kind namespace/name</c>.</summary>
internal sealed record ResourceIdentity(string Kind, string Namespace, string Name)
{
    /// <summary>The namespace of a resource that names none, as in Kubernetes.</summary>
    public const string DefaultNamespace = "default";

    public override string ToString() => $"{Kind} {Namespace}/{Name}";
}

/// <summary>Where something was written: its file, its line (from 1) and the path of its field, for example <c>spec.http[0].route</c>.</summary>
internal readonly record struct SourceField(string File, int Line, string Path)
{
    /// <summary>How a message about <paramref name="other"/> points here: by the line, and by the file where it is another one.</summary>
    public string SeenFrom(SourceField other) => string.Equals(File, other.File, StringComparison.Ordinal) ? $"in line {Line}" : $"in {File}:{Line}";
}

/// <summary>A host as it was written, in lower case and without a trailing dot.</summary>
internal sealed record HostReference(string Host, SourceField Source);
