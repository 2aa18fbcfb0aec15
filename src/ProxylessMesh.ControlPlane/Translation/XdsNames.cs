using System.Globalization;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>The names Istio gives its outbound resources: <c>outbound|port|subset|host</c>.</summary>
internal static class XdsNames
{
    public static string Cluster(int port, string subset, string host)
        => string.Create(CultureInfo.InvariantCulture, $"outbound|{port}|{subset}|{host}");

    /// <summary>A route configuration is named as the cluster of all endpoints of its host and port.</summary>
    public static string Routes(int port, string host) => Cluster(port, "", host);

    /// <summary>A listener is named as it is asked for; this is the form that names the port.</summary>
    public static string Listener(MeshService service, ServicePort port) => HostAndPort(service.Host, port.Number);

    public static string HostAndPort(string host, int port) => string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
}
