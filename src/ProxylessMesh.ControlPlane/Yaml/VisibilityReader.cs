using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>exportTo</c>: the namespaces that see a resource.</summary>
internal static class VisibilityReader
{
    /// <returns><see langword="null"/> when it is not given.</returns>
    public static ExportScope? ReadExportTo(FieldReader owner, string key = "exportTo")
    {
        var targets = owner.Strings(key);
        if (targets.IsEmpty)
        {
            return null;
        }

        foreach (var target in targets)
        {
            if (target is not (ExportScope.All or ExportScope.Own or ExportScope.None) && !IsNamespace(target))
            {
                owner.Error(key, $"'{target}' is neither '*' (every namespace), '.' (its own), '~' (none) nor the name of a namespace");
            }
        }

        if (targets.Length > 1 && (targets.Contains(ExportScope.All) || targets.Contains(ExportScope.None)))
        {
            owner.Error(key, "'*' and '~' say all there is to say; remove the others");
        }

        return new ExportScope(targets);
    }

    /// <summary>Reads the same from an annotation's text, where commas separate the targets.</summary>
    public static ExportScope? ParseAnnotation(string? text)
        => string.IsNullOrWhiteSpace(text) ? null : new ExportScope([.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)]);

    public static bool IsNamespace(string name) => HostReader.IsHostName(name) && !name.Contains('.', StringComparison.Ordinal);
}
