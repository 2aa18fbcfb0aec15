using ProxylessMesh.Xds;
using ProxylessMesh.Xds.Resources;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// Asks the mesh's own decoders whether they accept what is about to be served, so that a mistake is found where the file
/// is, and not as a rejection (NACK) at every client. Stateless.
/// </summary>
internal static class ServedResourceValidator
{
    private static readonly ListenerDecoder Listeners = new();
    private static readonly RoutesDecoder Routes = new();
    private static readonly ClusterDecoder Clusters = new();
    private static readonly EndpointsDecoder Endpoints = new();

    /// <returns>Every rule broken, with the resource's name; none when all is well.</returns>
    public static IReadOnlyList<string> Validate(MeshResources resources)
    {
        // Most resources are the same in every view.
        var seen = new HashSet<XdsResource>();
        var errors = new List<string>();
        foreach (var resource in resources.Views.SelectMany(view => view.All).Where(seen.Add))
        {
            foreach (var error in ErrorsOf(resource))
            {
                errors.Add($"{resource.TypeUrl[ResourceTypes.Prefix.Length..]} '{resource.Name}': {error}");
            }
        }

        return errors;
    }

    private static IReadOnlyList<string> ErrorsOf(XdsResource resource) => resource.TypeUrl switch
    {
        ResourceTypes.Listener => Listeners.Decode(resource.Value).Errors,
        ResourceTypes.RouteConfiguration => Routes.Decode(resource.Value).Errors,
        ResourceTypes.Cluster => Clusters.Decode(resource.Value).Errors,
        _ => Endpoints.Decode(resource.Value).Errors,
    };
}
