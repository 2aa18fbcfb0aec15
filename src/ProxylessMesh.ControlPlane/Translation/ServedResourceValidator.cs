using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.Xds;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Asks the mesh's own decoders whether they accept what is about to be served, in each dialect as a client of that dialect
/// reads it, so that a mistake is found where the files are, and not as a rejection (NACK) at every client. Stateless.
/// </summary>
internal static class ServedResourceValidator
{
    private static readonly Decoders Grpc = new(XdsDialect.Grpc);
    private static readonly Decoders Sidecar = new(XdsDialect.Envoy);

    /// <returns>Every rule broken, with the resource's name; none when all is well.</returns>
    public static IReadOnlyList<string> Validate(MeshResources resources)
    {
        // Most resources are the same in every view of a dialect.
        var seen = new HashSet<(ClientDialect, XdsResource)>();
        var errors = new HashSet<string>(StringComparer.Ordinal);
        foreach (var view in resources.Views)
        {
            var decoders = view.Dialect == ClientDialect.Sidecar ? Sidecar : Grpc;
            foreach (var resource in view.All.Where(resource => seen.Add((view.Dialect, resource))))
            {
                foreach (var error in decoders.ErrorsOf(resource))
                {
                    errors.Add($"{resource.TypeUrl[ResourceTypes.Prefix.Length..]} '{resource.Name}': {error}");
                }
            }
        }

        return [.. errors];
    }

    private sealed class Decoders(XdsDialect dialect)
    {
        private readonly ListenerDecoder _listeners = new(dialect);
        private readonly RoutesDecoder _routes = new(dialect);
        private readonly ClusterDecoder _clusters = new(dialect);
        private readonly EndpointsDecoder _endpoints = new();

        public IReadOnlyList<string> ErrorsOf(XdsResource resource) => resource.TypeUrl switch
        {
            // A sidecar's listeners are sockets for a proxy. The mesh's own client starts from the routes of a port instead.
            ResourceTypes.Listener when dialect == XdsDialect.Envoy => [],
            ResourceTypes.Listener => _listeners.Decode(resource.Value).Errors,
            ResourceTypes.RouteConfiguration => _routes.Decode(resource.Value).Errors,
            ResourceTypes.Cluster => _clusters.Decode(resource.Value).Errors,
            _ => _endpoints.Decode(resource.Value).Errors,
        };
    }
}
