namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>One file of a mesh configuration.</summary>
/// <param name="Path">The file as the user named it, or below the directory that the user named; opens every message.</param>
/// <param name="Text">Its content.</param>
internal sealed record MeshFile(string Path, string Text);
