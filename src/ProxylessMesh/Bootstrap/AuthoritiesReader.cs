using System.Collections.Immutable;
using System.Text.Json;

namespace ProxylessMesh.Bootstrap;

/// <summary>Reads <c>authorities</c> (gRFC A47). Stateless.</summary>
internal static class AuthoritiesReader
{
    private const string ObjectRemedy = "Write an object in braces; an empty one means the bootstrap's own xds_servers.";

    /// <exception cref="MeshBootstrapException">One of them cannot be used.</exception>
    public static ImmutableDictionary<string, AuthorityConfig> Read(BootstrapField root, ImmutableArray<string>.Builder warnings)
    {
        var authorities = ImmutableDictionary.CreateBuilder<string, AuthorityConfig>(StringComparer.Ordinal);
        if (root.FindObject("authorities", ObjectRemedy) is { } map)
        {
            foreach (var property in map.Value.EnumerateObject())
            {
                var authority = map.Of(property.Value, property.Name).Require(JsonValueKind.Object, "an object", ObjectRemedy);
                authorities.Add(property.Name, Read(property.Name, authority, warnings));
            }
        }

        return authorities.ToImmutable();
    }

    private static AuthorityConfig Read(string name, BootstrapField authority, ImmutableArray<string>.Builder warnings) => new()
    {
        ClientListenerTemplate = ReadTemplate(name, authority),
        Servers = BootstrapReader.ReadServers(authority, warnings),
        FallsBackOnReachabilityOnly = authority.FindBoolean("fallback_on_reachability_only", "Write true or false, without quotes.") ?? false,
    };

    private static string ReadTemplate(string name, BootstrapField authority)
    {
        if (authority.Find("client_listener_resource_name_template") is not { } field)
        {
            return ListenerNameTemplate.DefaultOf(name);
        }

        // "Must start with xdstp://<authority_name>/. If it does not, that is considered a bootstrap file parsing error." - gRFC A47
        var template = field.AsString("Write a string in double quotes.");
        var prefix = ListenerNameTemplate.PrefixOf(name);
        return template.StartsWith(prefix, StringComparison.Ordinal)
            ? template
            : throw field.Error($"does not begin with {prefix}", $"Write a name of this authority, such as {ListenerNameTemplate.DefaultOf(name)}, or leave it out.");
    }
}
