using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace ProxylessMesh.Architecture.Tests.Assemblies;

/// <summary>
/// Reads from a compiled assembly which type names which. What the compiler makes of a type (lambdas, iterators, async
/// methods) counts as that type. What the compiler leaves nothing of, <c>nameof</c> and constants, is not seen here; the
/// rules on sources see it.
/// </summary>
internal sealed class TypeUseReader
{
    private readonly MetadataReader _metadata;
    private readonly PEReader _file;
    private readonly NamedTypeCollector _types;

    private TypeUseReader(PEReader file)
    {
        _file = file;
        _metadata = file.GetMetadataReader();
        _types = new NamedTypeCollector(_metadata);
    }

    public static IReadOnlyList<TypeUse> Read(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        return new TypeUseReader(file).Read();
    }

    private List<TypeUse> Read()
    {
        var uses = new HashSet<TypeUse>();
        foreach (var handle in _metadata.TypeDefinitions)
        {
            var user = _types.NameOf(handle);
            foreach (var used in TypesNamedBy(_metadata.GetTypeDefinition(handle)))
            {
                if (used != user)
                {
                    uses.Add(new TypeUse(user, used));
                }
            }
        }

        return [.. uses];
    }

    private IReadOnlyCollection<TypeName> TypesNamedBy(TypeDefinition type)
    {
        _types.Clear();
        _types.AddHandle(type.BaseType);
        AddAttributes(type.GetCustomAttributes());
        AddConstraints(type.GetGenericParameters());
        foreach (var implementation in type.GetInterfaceImplementations())
        {
            _types.AddHandle(_metadata.GetInterfaceImplementation(implementation).Interface);
        }

        foreach (var handle in type.GetFields())
        {
            var field = _metadata.GetFieldDefinition(handle);
            field.DecodeSignature(_types, null);
            AddAttributes(field.GetCustomAttributes());
        }

        foreach (var handle in type.GetProperties())
        {
            AddAttributes(_metadata.GetPropertyDefinition(handle).GetCustomAttributes());
        }

        foreach (var handle in type.GetMethods())
        {
            AddMethod(_metadata.GetMethodDefinition(handle));
        }

        return _types.Names;
    }

    private void AddMethod(MethodDefinition method)
    {
        method.DecodeSignature(_types, null);
        AddAttributes(method.GetCustomAttributes());
        AddConstraints(method.GetGenericParameters());
        foreach (var parameter in method.GetParameters())
        {
            AddAttributes(_metadata.GetParameter(parameter).GetCustomAttributes());
        }

        if (method.RelativeVirtualAddress == 0)
        {
            return; // abstract
        }

        var body = _file.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_types, null);
        }

        foreach (var region in body.ExceptionRegions)
        {
            _types.AddHandle(region.CatchType);
        }

        foreach (var token in InstructionTokens.Read(body.GetILBytes() ?? []))
        {
            _types.AddHandle(MetadataTokens.EntityHandle(token));
        }
    }

    private void AddConstraints(GenericParameterHandleCollection parameters)
    {
        foreach (var parameter in parameters)
        {
            foreach (var constraint in _metadata.GetGenericParameter(parameter).GetConstraints())
            {
                _types.AddHandle(_metadata.GetGenericParameterConstraint(constraint).Type);
            }
        }
    }

    private void AddAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (var attribute in attributes)
        {
            _types.AddHandle(_metadata.GetCustomAttribute(attribute).Constructor);
        }
    }
}
