using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ProxylessMesh.Tests.Xds.Resources;

/// <summary>Which fields of messages an assembly reads: those whose getter it names somewhere in its code.</summary>
internal static class ReadFields
{
    /// <returns>As <c>message.field</c>, both by their names in the contract.</returns>
    public static HashSet<string> Of(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var metadata = file.GetMetadataReader();
        var called = metadata.MemberReferences
            .Select(metadata.GetMemberReference)
            .Where(static member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member => $"{NameOf(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}")
            .ToHashSet(StringComparer.Ordinal);

        var fields = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in typeof(Envoy.Config.Cluster.V3.Cluster).Assembly.GetTypes().Where(static type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IMessage))))
        {
            var descriptor = (MessageDescriptor)type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
            foreach (var field in descriptor.Fields.InDeclarationOrder().Where(field => called.Contains($"{type.FullName}.get_{field.PropertyName}")))
            {
                fields.Add($"{descriptor.FullName}.{field.Name}");
            }
        }

        return fields;
    }

    /// <summary>As reflection writes it, nested types after a plus sign.</summary>
    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        var name = metadata.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            return $"{NameOf(metadata, (TypeReferenceHandle)type.ResolutionScope)}+{name}";
        }

        var space = metadata.GetString(type.Namespace);
        return space.Length > 0 ? $"{space}.{name}" : name;
    }
}
