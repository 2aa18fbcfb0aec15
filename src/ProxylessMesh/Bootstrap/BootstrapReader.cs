using System.Collections.Immutable;
using System.Text.Json;

namespace ProxylessMesh.Bootstrap;

/// <summary>Reads a bootstrap's JSON. Unknown fields are ignored (gRFC A27). Stateless.</summary>
internal static class BootstrapReader
{
    private const string ServersRemedy =
        "Name at least one control plane: \"xds_servers\": [{ \"server_uri\": \"host:port\", \"channel_creds\": [{ \"type\": \"insecure\" }] }].";

    private const string StringRemedy = "Write a string in double quotes.";

    private const string ObjectRemedy = "Write an object in braces.";

    /// <exception cref="MeshBootstrapException">It cannot be used.</exception>
    public static BootstrapConfig Read(ReadOnlyMemory<byte> utf8, string origin)
    {
        var root = BootstrapJson.Parse(utf8, origin);
        var warnings = ImmutableArray.CreateBuilder<string>();
        var authorities = AuthoritiesReader.Read(root, warnings);
        var clientTemplate = root.FindString("client_default_listener_resource_name_template", StringRemedy) ?? BootstrapConfig.DefaultClientListenerTemplate;
        if (clientTemplate.StartsWith(ListenerNameTemplate.Scheme, StringComparison.Ordinal)
            && !authorities.Keys.Any(authority => clientTemplate.StartsWith(ListenerNameTemplate.PrefixOf(authority), StringComparison.Ordinal)))
        {
            warnings.Add("$.client_default_listener_resource_name_template names an authority that is not in authorities: nothing can be asked for by it");
        }

        return new BootstrapConfig
        {
            Origin = origin,
            Servers = ReadServers(root, warnings) is { Length: > 0 } servers
                ? servers
                : throw new MeshBootstrapException(origin, "$.xds_servers", "is missing or empty", ServersRemedy),
            Node = ReadNode(root),
            ServerListenerTemplate = root.FindString("server_listener_resource_name_template", StringRemedy),
            ClientListenerTemplate = clientTemplate,
            CertificateProviders = ReadObjects(root, "certificate_providers"),
            Authorities = authorities,
            Warnings = warnings.ToImmutable(),
        };
    }

    /// <returns>The control planes that <paramref name="owner"/> names, the bootstrap or an authority of it; none when it names none.</returns>
    public static ImmutableArray<XdsServerConfig> ReadServers(BootstrapField owner, ImmutableArray<string>.Builder warnings)
    {
        var servers = ImmutableArray.CreateBuilder<XdsServerConfig>();
        foreach (var server in owner.FindArray("xds_servers", ServersRemedy))
        {
            servers.Add(ReadServer(server.Require(JsonValueKind.Object, "an object", ServersRemedy), warnings));
        }

        return servers.ToImmutable();
    }

    private static XdsServerConfig ReadServer(BootstrapField server, ImmutableArray<string>.Builder warnings)
    {
        if (server.Find("server_uri") is not { } uri)
        {
            throw server.Missing("server_uri", ServersRemedy);
        }

        var text = uri.AsString(StringRemedy);
        if (!XdsServerAddress.TryParse(text, out var address, out var warning, out var problem, out var remedy))
        {
            throw uri.Error(problem!, remedy!);
        }

        if (warning is not null)
        {
            warnings.Add($"{uri.Path} {warning}");
        }

        var features = ImmutableArray.CreateBuilder<string>();
        foreach (var feature in server.FindArray("server_features", "Write an array of strings."))
        {
            features.Add(feature.AsString(StringRemedy));
        }

        var credentials = ChannelCredentialsReader.Read(server);
        var jwtTokenFiles = CallCredentialsReader.ReadJwtTokenFiles(server);
        if (jwtTokenFiles.Length > 0 && credentials is InsecureCredentialsConfig)
        {
            warnings.Add($"{server.Path}.call_creds has no effect: tokens are sent over TLS only, and channel_creds says insecure");
            jwtTokenFiles = [];
        }

        return new XdsServerConfig
        {
            ServerUri = text,
            Address = address!,
            Credentials = credentials,
            JwtTokenFiles = jwtTokenFiles,
            Features = features.ToImmutable(),
        };
    }

    private static NodeConfig ReadNode(BootstrapField root)
    {
        if (root.FindObject("node", ObjectRemedy) is not { } node)
        {
            return NodeConfig.Empty;
        }

        var locality = node.FindObject("locality", ObjectRemedy);
        return new NodeConfig
        {
            Id = node.FindString("id", StringRemedy) ?? "",
            Cluster = node.FindString("cluster", StringRemedy) ?? "",
            Locality = new NodeLocality(
                locality?.FindString("region", StringRemedy) ?? "",
                locality?.FindString("zone", StringRemedy) ?? "",
                locality?.FindString("sub_zone", StringRemedy) ?? ""),
            Metadata = node.FindObject("metadata", ObjectRemedy)?.Value,
        };
    }

    private static ImmutableDictionary<string, JsonElement> ReadObjects(BootstrapField root, string name)
    {
        var objects = ImmutableDictionary.CreateBuilder<string, JsonElement>(StringComparer.Ordinal);
        if (root.FindObject(name, ObjectRemedy) is { } map)
        {
            foreach (var property in map.Value.EnumerateObject())
            {
                objects.Add(property.Name, map.Of(property.Value, property.Name).Require(JsonValueKind.Object, "an object", ObjectRemedy).Value);
            }
        }

        return objects.ToImmutable();
    }
}
