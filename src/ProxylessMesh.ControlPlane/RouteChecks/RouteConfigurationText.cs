using System.Text.Json.Nodes;
using Envoy.Config.Route.V3;
using Envoy.Extensions.Path.Match.UriTemplate.V3;
using Envoy.Extensions.Path.Rewrite.UriTemplate.V3;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using ProxylessMesh.Configuration;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.ControlPlane.RouteChecks;

/// <summary>Reads a route configuration that a person wrote, by the decoder that reads those of a control plane. Stateless.</summary>
internal static class RouteConfigurationText
{
    private const string DefaultName = "routes";

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(TypeRegistry.FromMessages(UriTemplateMatchConfig.Descriptor, UriTemplateRewriteConfig.Descriptor)));

    /// <exception cref="RouteCheckException">It is wrong.</exception>
    public static RoutesConfig Read(string text, string source)
    {
        if (StructuredText.Parse(text, source) is not JsonObject root)
        {
            throw new RouteCheckException(source, [$"{source}: must be a RouteConfiguration, an object with virtual_hosts"]);
        }

        root.Remove("@type");
        WithoutFilters(root);
        if (root["name"] is null)
        {
            root["name"] = DefaultName;
        }

        var name = $"{source}: RouteConfiguration '{root["name"]}'";
        var result = new RoutesDecoder().Decode(Parse<RouteConfiguration>(root, name, source).ToByteString());
        return result.Resource ?? throw new RouteCheckException(source, [.. result.Errors.Select(error => $"{name}: {error}")]);
    }

    /// <summary>Reads a message; names the field that it has not.</summary>
    /// <param name="node">The message in proto JSON.</param>
    /// <param name="name">What it is called in errors.</param>
    /// <param name="source">Where it stands.</param>
    /// <exception cref="RouteCheckException">It is none.</exception>
    public static T Parse<T>(JsonObject node, string name, string source)
        where T : IMessage<T>, new()
    {
        var unknown = ProtoFields.Unknown(node, new T().Descriptor, path: "").ToArray();
        if (unknown.Length > 0)
        {
            throw new RouteCheckException(source, [.. unknown.Select(field => $"{name}: {field}: is no field that this version knows")]);
        }

        try
        {
            return Parser.Parse<T>(node.ToJsonString());
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new RouteCheckException(source, [$"{name}: {ProtoFields.FirstWrong(node, new T().Descriptor, path: "", Parser)}{exception.Message}"], exception);
        }
    }

    /// <summary>Settings of filters stand beside routes, whose business they are not, and are of types that nobody here knows.</summary>
    private static void WithoutFilters(JsonNode? node)
    {
        if (node is JsonObject message)
        {
            message.Remove("typed_per_filter_config");
            message.Remove("typedPerFilterConfig");
            foreach (var (_, child) in message)
            {
                WithoutFilters(child);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var child in items)
            {
                WithoutFilters(child);
            }
        }
    }
}
