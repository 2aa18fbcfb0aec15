using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.EndToEnd;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds.Resources;

namespace ProxylessMesh.Tests.Filters;

/// <summary>A mesh whose service orders has filters and routes in proto JSON.</summary>
internal static class FilterMesh
{
    /// <param name="backend">Answers for the only cluster, c.</param>
    /// <param name="filters">The filters before the router, separated by commas.</param>
    /// <param name="routes">The fields of the route configuration, which has one virtual host, or more.</param>
    public static Task<MeshFixture> StartAsync(Backend backend, string filters, string routes)
        => MeshFixture.StartAsync([Listener(filters, routes), XdsResources.Cluster("c"), XdsResources.Endpoints("c", backend)]);

    /// <param name="filters">As above.</param>
    /// <param name="routes">As above.</param>
    /// <param name="connection">Further fields of the connection manager, each with a comma behind it.</param>
    public static Any Listener(string filters, string routes, string connection = "") => new()
    {
        TypeUrl = $"{ResourceJson.Type}{Envoy.Config.Listener.V3.Listener.Descriptor.FullName}",
        Value = ResourceJson.Listener($$"""
            {"name": "orders", "apiListener": {"apiListener": {"@type": "{{ResourceJson.Type}}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
              {{connection}} "httpFilters": [{{filters}}{{(filters.Length > 0 ? "," : "")}} {{ResourceJson.Router}}], "routeConfig": {"name": "r", {{routes}} } } } }
            """),
    };
}
