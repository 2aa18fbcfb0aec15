using Google.Protobuf.WellKnownTypes;
using ProxylessMesh.Tests.Peers;
using ProxylessMesh.Tests.Xds.Resources;
using ProxylessMesh.Xds;

namespace ProxylessMesh.Tests.EndToEnd;

/// <summary>The resources of a service <c>orders</c> whose listener has filters, written in proto JSON.</summary>
internal static class FilteredMesh
{
    public const string Fault = $$""" "@type": "{{ResourceJson.Type}}envoy.extensions.filters.http.fault.v3.HTTPFault" """;

    /// <summary>A fault filter that does nothing by itself.</summary>
    public const string EmptyFault = $$"""{"name": "fault", "typedConfig": { {{Fault}} } }""";

    public const string Always = """ "percentage": {"numerator": 100} """;

    /// <summary>A route of everything to the cluster <c>c</c>, without a timeout.</summary>
    public const string Plain = """{"match": {"prefix": "/"}, "route": {"cluster": "c", "timeout": "0s"} }""";

    /// <param name="filters">The listener's filters before the router, separated by commas.</param>
    /// <param name="routes">The routes of its one virtual host.</param>
    /// <param name="hostFields">What the virtual host says besides, each with a comma behind it.</param>
    /// <param name="routesFields">What the route configuration says besides, each with a comma behind it.</param>
    /// <param name="hosts">The virtual hosts, where there are others.</param>
    public static Any Listener(string filters, string routes = Plain, string hostFields = "", string routesFields = "", string? hosts = null) => new()
    {
        TypeUrl = ResourceTypes.Listener,
        Value = ResourceJson.Listener(
            $$"""
            {"name": "orders", "apiListener": {"apiListener": {
              "@type": "{{ResourceJson.Type}}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
              "routeConfig": {"name": "routes", {{routesFields}} "virtualHosts": [{{hosts ?? $$"""{"name": "orders", "domains": ["*"], {{hostFields}} "routes": [{{routes}}]}"""}}]},
              "httpFilters": [{{(filters.Length > 0 ? $"{filters}," : "")}} {{ResourceJson.Router}}] } } }
            """),
    };

    /// <summary>What a part of the routes says of a filter.</summary>
    public static string Override(string name, string config) => $$""" "typedPerFilterConfig": {"{{name}}": { {{config}} } } """;

    public static Task<MeshFixture> StartAsync(Any listener, params IEnumerable<Backend> backends) => StartAsync(listener, clock: null, backends);

    public static Task<MeshFixture> StartAsync(Any listener, TimeProvider? clock, params IEnumerable<Backend> backends)
        => MeshFixture.StartAsync([listener, XdsResources.Cluster("c"), XdsResources.Endpoints("c", backends)], clock);
}
