
namespace ProxylessMesh.ControlPlane.Model;

/// <summary>Something wrong with a mesh configuration: where, in which resource and field, and what to do.</summary>
/// <param name="File">The file as the user named it, or below the directory that the user named.</param>
/// <param name="Line">From 1.</param>
/// <param name="Resource">The resource, when it is known.</param>
/// <param name="Path">The field's path, or an empty string when the whole resource or document is meant.</param>
/// <param name="Message">The rule and the remedy.</param>
internal sealed record MeshFileProblem(string File, int Line, ResourceIdentity? Resource, string Path, string Message)
{
    public override string ToString()
    {
        var resource = Resource is null ? "" : $" {Resource}:";
        var path = Path.Length == 0 ? "" : $" {Path}:";
        return $"{File}:{Line}:{resource}{path} {Message}";
    }
}
