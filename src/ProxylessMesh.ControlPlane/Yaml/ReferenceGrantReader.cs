using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads the spec of a ReferenceGrant, as far as it concerns routes and Services.</summary>
internal static class ReferenceGrantReader
{
    public static ReferenceGrant Read(ResourceIdentity identity, FieldReader spec)
    {
        var from = spec.Objects("from", ReadReference);
        var to = spec.Objects("to", ReadReference);
        spec.Finish();
        var services = to.Where(target => target.Kind == "Service").ToArray();
        return new ReferenceGrant(
            identity,
            services.Length == 0 ? [] : [.. from.Select(source => (source.Kind, source.Namespace))],
            services.Any(target => target.Name.Length == 0) ? [] : [.. services.Select(target => target.Name)]);
    }

    private static Reference ReadReference(FieldReader reference)
    {
        reference.Accept("group");
        var result = new Reference(reference.RequiredString("kind"), reference.String("namespace") ?? "", reference.String("name") ?? "");
        reference.Finish();
        return result;
    }

    private sealed record Reference(string Kind, string Namespace, string Name);
}
