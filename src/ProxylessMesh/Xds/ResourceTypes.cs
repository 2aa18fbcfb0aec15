namespace ProxylessMesh.Xds;

/// <summary>The type URLs of the four resource types a client subscribes to.</summary>
internal static class ResourceTypes
{
    public const string Prefix = "type.googleapis.com/";

    public const string Listener = Prefix + "envoy.config.listener.v3.Listener";

    public const string RouteConfiguration = Prefix + "envoy.config.route.v3.RouteConfiguration";

    public const string Cluster = Prefix + "envoy.config.cluster.v3.Cluster";

    public const string ClusterLoadAssignment = Prefix + "envoy.config.endpoint.v3.ClusterLoadAssignment";
}
