namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Which resource of the file, in Kubernetes' terms: <c>kind namespace/name</c>.</summary>
internal sealed record ResourceIdentity(string Kind, string Namespace, string Name)
{
    /// <summary>The namespace of a resource that names none, as in Kubernetes.</summary>
    public const string DefaultNamespace = "default";

    public override string ToString() => $"{Kind} {Namespace}/{Name}";
}

/// <summary>Where something was written: its line (from 1) and the path of its field, for example <c>spec.http[0].route</c>.</summary>
internal readonly record struct SourceField(int Line, string Path);

/// <summary>A host as it was written, in lower case and without a trailing dot.</summary>
internal sealed record HostReference(string Host, SourceField Source);
