using Envoy.Config.Route.V3;
using Google.Protobuf.Collections;

namespace ProxylessMesh.Xds.Resources;

/// <summary>
/// Reads the plugins that choose a route's cluster (gRFC A37). None is supported: one that is not optional rejects the
/// routes, and a route that uses an optional one is left out.
/// </summary>
internal static class ClusterSpecifierReader
{
    /// <returns>The names declared.</returns>
    public static IReadOnlySet<string> ReadPlugins(RepeatedField<ClusterSpecifierPlugin> plugins, DecodeContext context)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < plugins.Count; i++)
        {
            using var scope = context.Enter("cluster_specifier_plugins", i);
            var name = plugins[i].Extension?.Name ?? "";
            if (name.Length == 0)
            {
                context.Error("extension.name", "must not be empty");
            }
            else if (!names.Add(name))
            {
                context.Error("extension.name", $"'{name}' is already the name of another plugin (gRFC A37)");
            }

            Check(plugins[i], context);
        }

        return names;
    }

    /// <summary>Notes an error unless the routes may do without the plugin.</summary>
    public static void Check(ClusterSpecifierPlugin plugin, DecodeContext context)
    {
        if (!plugin.IsOptional)
        {
            context.Error("extension", $"the cluster specifier plugin type '{plugin.Extension?.TypedConfig?.TypeUrl}' is not supported; mark it is_optional to leave out the routes that use it (gRFC A37)");
        }
    }
}
