using Google.Protobuf.Reflection;

namespace ProxylessMesh.Interop.Tests.Contracts;

/// <summary>
/// A descriptor set flattened: the full name of every message, field, enum, value, service and method, each with all that
/// the wire and the generated code depend on, in words. Two contracts agree where name and words are equal.
/// </summary>
internal static class ContractElements
{
    public static Dictionary<string, string> Flatten(FileDescriptorSet set)
    {
        var elements = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in set.File)
        {
            foreach (var message in file.MessageType)
            {
                AddMessage(elements, $"{file.Package}.{message.Name}", message);
            }

            foreach (var @enum in file.EnumType)
            {
                AddEnum(elements, $"{file.Package}.{@enum.Name}", @enum);
            }

            foreach (var service in file.Service)
            {
                AddService(elements, $"{file.Package}.{service.Name}", service);
            }
        }

        return elements;
    }

    private static void AddMessage(Dictionary<string, string> elements, string name, DescriptorProto message)
    {
        elements.Add(name, message.Options?.MapEntry == true ? "map entry" : "message");
        foreach (var field in message.Field)
        {
            // The compiler makes a oneof of one for each `optional` field; that one is no part of the contract.
            var oneof = field.HasOneofIndex && !field.Proto3Optional ? $" in oneof {message.OneofDecl[field.OneofIndex].Name}" : "";
            var optional = field.Proto3Optional ? " optional" : "";
            elements.Add($"{name}.{field.Name}", $"field {field.Number}:{optional} {field.Label} {field.Type} {field.TypeName}".TrimEnd() + oneof);
        }

        foreach (var nested in message.NestedType)
        {
            AddMessage(elements, $"{name}.{nested.Name}", nested);
        }

        foreach (var @enum in message.EnumType)
        {
            AddEnum(elements, $"{name}.{@enum.Name}", @enum);
        }
    }

    private static void AddEnum(Dictionary<string, string> elements, string name, EnumDescriptorProto @enum)
    {
        elements.Add(name, "enum");
        foreach (var value in @enum.Value)
        {
            elements.Add($"{name}.{value.Name}", $"value {value.Number}");
        }
    }

    private static void AddService(Dictionary<string, string> elements, string name, ServiceDescriptorProto service)
    {
        elements.Add(name, "service");
        foreach (var method in service.Method)
        {
            var input = method.ClientStreaming ? $"stream {method.InputType}" : method.InputType;
            var output = method.ServerStreaming ? $"stream {method.OutputType}" : method.OutputType;
            elements.Add($"{name}.{method.Name}", $"method ({input}) returns ({output})");
        }
    }
}
