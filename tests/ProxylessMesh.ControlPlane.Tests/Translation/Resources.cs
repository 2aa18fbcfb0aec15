using Envoy.Config.Cluster.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using ProxylessMesh.ControlPlane.Model;
using ProxylessMesh.ControlPlane.Translation;
using ProxylessMesh.Xds;

namespace ProxylessMesh.ControlPlane.Tests.Translation;

/// <summary>Takes resources out of a translated mesh, parsed.</summary>
internal static class Resources
{
    public static Listener? FindListener(this MeshResources mesh, string name, string ns = "default")
        => mesh.For(MeshClient.Default with { Namespace = ns }).Find(ResourceTypes.Listener, name) is { } resource ? Listener.Parser.ParseFrom(resource.Value) : null;

    public static VirtualHost VirtualHost(this MeshResources mesh, string routes)
        => Assert.Single(mesh.Routes(routes).VirtualHosts);

    public static RouteConfiguration Routes(this MeshResources mesh, string name)
        => RouteConfiguration.Parser.ParseFrom(mesh.Find(ResourceTypes.RouteConfiguration, name)!.Value);

    public static Cluster Cluster(this MeshResources mesh, string name)
        => Envoy.Config.Cluster.V3.Cluster.Parser.ParseFrom(mesh.Find(ResourceTypes.Cluster, name)!.Value);

    public static ClusterLoadAssignment Endpoints(this MeshResources mesh, string name)
        => ClusterLoadAssignment.Parser.ParseFrom(mesh.Find(ResourceTypes.ClusterLoadAssignment, name)!.Value);
}
