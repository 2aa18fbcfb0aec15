using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace ProxylessMesh.Bootstrap;

/// <summary>
/// Turns a bootstrap written as a configuration tree (appsettings.json, <c>Mesh__xds_servers__0__server_uri</c>) back into
/// its JSON, so that there is one reader. Configuration knows only strings: numbers and booleans in <c>node.metadata</c> become strings too.
/// </summary>
internal static class ConfigurationTree
{
    public const string ServersKey = "xds_servers";

    private const string AuthoritiesKey = "authorities";

    private const string ReachabilityKey = "fallback_on_reachability_only";

    // The section holds the mesh's other options too: only these keys are the bootstrap's.
    private static readonly string[] Keys =
    [
        ServersKey,
        "node",
        AuthoritiesKey,
        "certificate_providers",
        "server_listener_resource_name_template",
        "client_default_listener_resource_name_template",
    ];

    // Configuration keeps an empty array as an empty string.
    private static readonly FrozenSet<string> ArrayKeys =
        FrozenSet.ToFrozenSet([ServersKey, "channel_creds", "server_features"], StringComparer.OrdinalIgnoreCase);

    public static bool HasBootstrap(IConfigurationSection section) => section.GetSection(ServersKey).Exists();

    public static byte[] ToJson(IConfigurationSection section)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            foreach (var key in Keys)
            {
                var child = section.GetSection(key);
                if (child.Exists())
                {
                    writer.WritePropertyName(key);
                    Write(writer, child);
                }
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0 && string.IsNullOrEmpty(section.Value) && IsAuthority(section))
        {
            writer.WriteStartObject();
            writer.WriteEndObject();
        }
        else if (children.Count == 0 && section.Key.Equals(ReachabilityKey, StringComparison.OrdinalIgnoreCase) && bool.TryParse(section.Value, out var isTrue))
        {
            writer.WriteBooleanValue(isTrue);
        }
        else if (children.Count == 0 && section.Value is "" && ArrayKeys.Contains(section.Key))
        {
            writer.WriteStartArray();
            writer.WriteEndArray();
        }
        else if (children.Count == 0)
        {
            writer.WriteStringValue(section.Value);
        }
        else if (children.TrueForAll(child => uint.TryParse(child.Key, out _)))
        {
            writer.WriteStartArray();
            children.ForEach(child => Write(writer, child));
            writer.WriteEndArray();
        }
        else
        {
            writer.WriteStartObject();
            foreach (var child in children)
            {
                writer.WritePropertyName(child.Key);
                Write(writer, child);
            }

            writer.WriteEndObject();
        }
    }

    // Configuration keeps an empty object, which is what most authorities are, as no value.
    private static bool IsAuthority(IConfigurationSection section)
        => AuthoritiesKey.Equals(ConfigurationPath.GetSectionKey(ConfigurationPath.GetParentPath(section.Path)), StringComparison.OrdinalIgnoreCase);
}
