namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads <c>exportTo</c>: everything in a mesh file is visible to everybody, so only that may be asked for.</summary>
internal static class VisibilityReader
{
    public static void CheckExportTo(FieldReader spec)
    {
        foreach (var target in spec.Strings("exportTo"))
        {
            if (target != "*")
            {
                spec.Error("exportTo", $"'{target}' is not supported in this version: every resource is visible to every client; leave it out or write [\"*\"]");
            }
        }
    }
}
