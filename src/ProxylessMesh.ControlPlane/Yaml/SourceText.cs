using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>One text of a list, and where it stands.</summary>
internal sealed record SourceText(string Text, SourceField Source);
