using System.Text.Json.Nodes;
using Envoy.Extensions.TransportSockets.RawBuffer.V3;
using Envoy.Extensions.Upstreams.Http.V3;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.RouteChecks;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads messages of xDS that a user wrote in YAML, by Envoy's field names. A field that the message has not is an error. Stateless.</summary>
internal static class ProtoReader
{
    private const string TypeKey = "@type";

    private static readonly string[] TypedStructs = [ResourceTypes.Prefix + "udpa.type.v1.TypedStruct", ResourceTypes.Prefix + "xds.type.v3.TypedStruct"];

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(
        TypeRegistry.FromMessages(HttpProtocolOptions.Descriptor, RawBuffer.Descriptor)));

    /// <returns>The message, or <see langword="null"/> when an error was reported.</returns>
    public static T? Read<T>(FieldReader owner, string key)
        where T : class, IMessage<T>, new()
    {
        owner.Required(key);
        return ToJson(owner, key) is { } json ? Parse(json, new T().Descriptor, owner, key) as T : null;
    }

    /// <summary>A message of which only some fields may be given.</summary>
    /// <returns>The message with those that could be read.</returns>
    public static T ReadFields<T>(FieldReader owner, params ReadOnlySpan<string> keys)
        where T : class, IMessage<T>, new()
    {
        var message = new T();
        foreach (var key in keys)
        {
            if (owner.Node(key) is { } node)
            {
                var json = new JsonObject { [key] = YamlJson.From(node, entry => Duplicate(owner, key, entry)) };
                message.MergeFrom(Parse(json, message.Descriptor, owner, key: null) as T ?? new T());
            }
        }

        return message;
    }

    /// <summary>A <c>typed_config</c>: the message itself, or what a TypedStruct says of it.</summary>
    /// <param name="owner">Holds it.</param>
    /// <param name="key">Its field.</param>
    /// <param name="known">The messages that may stand there.</param>
    /// <returns>The message with its type, or <see langword="null"/> when an error was reported.</returns>
    public static Any? ReadAny(FieldReader owner, string key, params IReadOnlyList<MessageDescriptor> known)
    {
        owner.Required(key);
        if (ToJson(owner, key) is not { } json)
        {
            return null;
        }

        var type = Take(json, TypeKey);
        if (TypedStructs.Contains(type))
        {
            type = Take(json, "type_url") ?? Take(json, "typeUrl");
            json = json["value"] as JsonObject ?? [];
        }

        if (known.FirstOrDefault(candidate => ResourceTypes.Prefix + candidate.FullName == type) is { } descriptor)
        {
            return Parse(json, descriptor, owner, key) is { } message ? XdsResource.Pack(message) : null;
        }

        owner.Error(
            Below(owner, key, TypeKey),
            $"{(type is null ? "is required" : $"'{type}' is not supported: an EnvoyFilter may only configure rate limits here")}; write one of {string.Join(", ", known.Select(candidate => ResourceTypes.Prefix + candidate.FullName))}");
        return null;
    }

    private static IMessage? Parse(JsonObject json, MessageDescriptor descriptor, FieldReader owner, string? key)
    {
        var unknown = ProtoFields.Unknown(json, descriptor, path: "").ToArray();
        foreach (var field in unknown)
        {
            owner.Error(Below(owner, key, field), $"is no field of {descriptor.FullName} that this version knows; correct or remove it");
        }

        if (unknown.Length > 0)
        {
            return null;
        }

        try
        {
            return Parser.Parse(json.ToJsonString(), descriptor);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidOperationException or FormatException or OverflowException)
        {
            var field = ProtoFields.FirstWrong(json, descriptor, path: "", Parser).TrimEnd(' ', ':');
            owner.Error(field.Length == 0 ? (key is null ? owner.Self : owner.Field(key)) : Below(owner, key, field), $"cannot be read as {descriptor.FullName} has it: {exception.Message}");
            return null;
        }
    }

    private static JsonObject? ToJson(FieldReader owner, string key)
    {
        if (owner.Node(key) is not { } node)
        {
            return null;
        }

        if (YamlJson.From(node, entry => Duplicate(owner, key, entry)) is JsonObject json)
        {
            return json;
        }

        owner.Error(key, "must be a mapping of 'field: value'");
        return null;
    }

    private static string? Take(JsonObject json, string key)
    {
        var text = json.TryGetPropertyValue(key, out var value) ? value?.ToString() : null;
        json.Remove(key);
        return text;
    }

    private static void Duplicate(FieldReader owner, string key, YamlEntry entry)
        => owner.Error(Below(owner, key, entry.Key) with { Line = entry.Line }, "is given twice; remove one");

    private static SourceField Below(FieldReader owner, string? key, string field)
    {
        var source = key is null ? owner.Self : owner.Field(key);
        return source with { Path = $"{source.Path}.{field}" };
    }
}
