using System.Globalization;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>Walks proto JSON beside the descriptor of its message, so that errors can say where. Stateless.</summary>
internal static class ProtoFields
{
    private const string WellKnown = "google.protobuf.";

    /// <summary>The paths of fields that the message has not.</summary>
    public static IEnumerable<string> Unknown(JsonNode? node, MessageDescriptor descriptor, string path)
    {
        if (node is not JsonObject message || descriptor.FullName.StartsWith(WellKnown, StringComparison.Ordinal))
        {
            yield break;
        }

        foreach (var (key, value) in message)
        {
            var at = Join(path, key);
            if (Find(descriptor, key) is not { } field)
            {
                yield return at;
                continue;
            }

            foreach (var (child, place) in Children(field, value, at))
            {
                foreach (var unknown in Unknown(child, field.MessageType, place))
                {
                    yield return unknown;
                }
            }
        }
    }

    /// <returns>The path of the deepest message that cannot be read, followed by a colon; empty for the message itself.</returns>
    public static string FirstWrong(JsonNode? node, MessageDescriptor descriptor, string path, JsonParser parser)
    {
        if (node is JsonObject message)
        {
            foreach (var (key, value) in message)
            {
                if (Find(descriptor, key) is not { } field)
                {
                    continue;
                }

                foreach (var (child, place) in Children(field, value, Join(path, key)))
                {
                    if (child is JsonObject && !CanRead(child, field.MessageType, parser))
                    {
                        return FirstWrong(child, field.MessageType, place, parser);
                    }
                }
            }

            foreach (var (key, value) in message)
            {
                if (!CanRead(new JsonObject { [key] = value?.DeepClone() }, descriptor, parser))
                {
                    return $"{Join(path, key)}: ";
                }
            }
        }

        return path.Length == 0 ? "" : $"{path}: ";
    }

    private static bool CanRead(JsonNode node, MessageDescriptor descriptor, JsonParser parser)
    {
        try
        {
            parser.Parse(node.ToJsonString(), descriptor);
            return true;
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidOperationException or FormatException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>Proto JSON takes a field's name as the contract has it, and in lower camel case.</summary>
    private static FieldDescriptor? Find(MessageDescriptor descriptor, string key)
        => descriptor.Fields.InDeclarationOrder().FirstOrDefault(field => field.Name == key || field.JsonName == key);

    private static IEnumerable<(JsonNode? Node, string Path)> Children(FieldDescriptor field, JsonNode? value, string path)
    {
        if (field.FieldType != FieldType.Message || field.IsMap)
        {
            return [];
        }

        return value is JsonArray items
            ? items.Select((item, i) => (item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")))
            : [(value, path)];
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
