using System.Reflection;
using System.Text.Json;
using Envoy.Config.Core.V3;
using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Bootstrap;

namespace ProxylessMesh.Xds;

/// <summary>Makes the <c>Node</c> that opens every discovery stream (gRFC A27).</summary>
internal static class NodeFactory
{
    private const string UserAgentName = "ProxylessMesh";

    private static readonly string UserAgentVersion = ReadVersion();

    public static Node ToProto(NodeConfig node) => new()
    {
        Id = node.Id,
        Cluster = node.Cluster,
        Locality = new Locality { Region = node.Locality.Region, Zone = node.Locality.Zone, SubZone = node.Locality.SubZone },
        Metadata = node.Metadata is { } metadata ? ToStruct(metadata) : null,
        UserAgentName = UserAgentName,
        UserAgentVersion = UserAgentVersion,
        ClientFeatures = { "envoy.lb.does_not_support_overprovisioning", "xds.config.resource-in-sotw" },
    };

    private static Struct ToStruct(JsonElement element)
    {
        var result = new Struct();
        foreach (var property in element.EnumerateObject())
        {
            result.Fields.Add(property.Name, ToValue(property.Value));
        }

        return result;
    }

    private static Value ToValue(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Value.ForStruct(ToStruct(element)),
        JsonValueKind.Array => Value.ForList([.. element.EnumerateArray().Select(ToValue)]),
        JsonValueKind.String => Value.ForString(element.GetString()!),
        JsonValueKind.Number => Value.ForNumber(element.GetDouble()),
        JsonValueKind.True => Value.ForBool(true),
        JsonValueKind.False => Value.ForBool(false),
        _ => Value.ForNull(),
    };

    // The informational version carries the commit after a plus sign, which tells a control plane nothing.
    private static string ReadVersion()
    {
        var version = typeof(NodeFactory).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        return version.Split('+')[0];
    }
}
