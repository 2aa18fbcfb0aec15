namespace ProxylessMesh.Xds;

/// <summary>The type URLs of the four resource types a client subscribes to.</summary>
internal static class ResourceTypes
{
    public const string Prefix = "type.googleapis.com/";

    /// <summary>What a resource may be wrapped in, to carry its name.</summary>
    public const string Wrapper = Prefix + "envoy.service.discovery.v3.Resource";

    public const string Listener = Prefix + "envoy.config.listener.v3.Listener";

    public const string RouteConfiguration = Prefix + "envoy.config.route.v3.RouteConfiguration";

    public const string Cluster = Prefix + "envoy.config.cluster.v3.Cluster";

    public const string ClusterLoadAssignment = Prefix + "envoy.config.endpoint.v3.ClusterLoadAssignment";

    /// <summary>The type's name without the prefix, as telemetry shows it.</summary>
    public static string ShortNameOf(string typeUrl) => typeUrl[Prefix.Length..];

    /// <summary>What the type is called in an error text.</summary>
    public static string NameOf(string typeUrl) => typeUrl switch
    {
        Listener => "listener",
        RouteConfiguration => "route configuration",
        Cluster => "cluster",
        ClusterLoadAssignment => "endpoint set",
        _ => typeUrl,
    };
}
