using System.Collections.Immutable;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>exportTo</c>: the namespaces that see a resource.</summary>
internal static class VisibilityReader
{
    private const string Annotation = "networking.istio.io/exportTo";

    /// <returns><see langword="null"/> when it is not given.</returns>
    public static ExportScope? ReadExportTo(FieldReader owner, string key = "exportTo")
    {
        var targets = owner.Strings(key);
        return targets.IsEmpty ? null : Check(targets, owner, key, what: "");
    }

    /// <summary>Reads the same from a Service's annotation, where commas separate the targets.</summary>
    public static ExportScope? ReadAnnotation(MeshDocument document)
        => document.Annotations.TryGetValue(Annotation, out var text) && !string.IsNullOrWhiteSpace(text)
            ? Check([.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)], document.Fields, "metadata", what: $"the annotation {Annotation}: ")
            : null;

    public static bool IsNamespace(string name) => HostReader.IsHostName(name) && !name.Contains('.', StringComparison.Ordinal);

    private static ExportScope Check(ImmutableArray<string> targets, FieldReader owner, string key, string what)
    {
        foreach (var target in targets)
        {
            if (target is not (ExportScope.All or ExportScope.Own or ExportScope.None) && !IsNamespace(target))
            {
                owner.Error(key, $"{what}'{target}' is neither '*' (every namespace), '.' (its own), '~' (none) nor the name of a namespace");
            }
        }

        if (targets.Length > 1 && (targets.Contains(ExportScope.All) || targets.Contains(ExportScope.None)))
        {
            owner.Error(key, $"{what}'*' and '~' say all there is to say; remove the others");
        }

        return new ExportScope(targets);
    }
}
