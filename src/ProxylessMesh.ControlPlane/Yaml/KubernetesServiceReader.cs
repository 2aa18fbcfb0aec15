using System.Collections.Immutable;
using System.Globalization;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads a Kubernetes Service.</summary>
internal static class KubernetesServiceReader
{
    public static KubernetesService Read(MeshDocument document, FieldReader spec)
    {
        var isAlias = spec.String("type") == "ExternalName";
        var clusterIps = ReadClusterIps(spec);
        var service = new KubernetesService
        {
            Identity = document.Identity,
            Source = spec.Self,
            Ports = [.. spec.Objects("ports", ReadPort).Where(port => port.Number > 0)],
            ClusterIps = [.. clusterIps.Where(address => address is not ("None" or ""))],
            IsHeadless = !isAlias && clusterIps.Contains("None"),
            ExternalName = isAlias ? HostReader.ReadOne(spec, "externalName") : null,
            Selector = spec.StringMap("selector") is { IsEmpty: false } labels ? new LabelSelector(labels) : null,
            ExportTo = VisibilityReader.ReadAnnotation(document),
            PrefersClose = TrafficDistributionReader.Read(document, spec),
        };

        // Of the cluster's own machinery, not of the mesh.
        spec.Accept(
            "allocateLoadBalancerNodePorts", "externalIPs", "externalTrafficPolicy", "healthCheckNodePort", "internalTrafficPolicy", "ipFamilies",
            "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP", "loadBalancerSourceRanges", "publishNotReadyAddresses", "sessionAffinity",
            "sessionAffinityConfig");
        spec.Finish();
        if (service.Ports.IsEmpty && !service.IsHeadless)
        {
            spec.Error("ports", "must list at least one port of protocol TCP");
        }

        foreach (var repeated in service.Ports.GroupBy(port => port.Number).Where(group => group.Skip(1).Any()))
        {
            spec.Error("ports", $"number '{repeated.Key}' is used by several ports; each needs its own");
        }

        return service;
    }

    private static ImmutableArray<string> ReadClusterIps(FieldReader spec)
    {
        var all = spec.Strings("clusterIPs");
        var one = spec.String("clusterIP");
        return all.IsEmpty && one is not null ? [one] : all;
    }

    // A port of another protocol than TCP carries no requests of the mesh.
    private static ServicePort ReadPort(FieldReader port)
    {
        var name = port.String("name") ?? "";
        port.Required("port");
        var number = port.Port("port") ?? 0;
        var protocol = port.String("protocol") ?? "TCP";
        if (protocol is not ("TCP" or "UDP" or "SCTP"))
        {
            port.Error("protocol", $"must be TCP, UDP or SCTP, not '{protocol}'");
        }

        var application = port.String("appProtocol") ?? name.Split('-')[0];
        var (target, targetName) = ReadTargetPort(port, number);
        port.Accept("nodePort");
        port.Finish();
        return new ServicePort(protocol == "TCP" ? number : 0, name, IsHttp(application), target)
        {
            IsHttp2 = IsHttp2(application),
            TargetPortName = targetName,
        };
    }

    private static (int Number, string Name) ReadTargetPort(FieldReader port, int number)
    {
        if (port.Scalar("targetPort") is not { } text)
        {
            return (number, "");
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var target))
        {
            if (target is 0 or > ushort.MaxValue)
            {
                port.Error("targetPort", $"must be a port from 1 to {ushort.MaxValue} or the name of a container's port, not '{text}'");
            }

            return (target, "");
        }

        return (number, text);
    }

    // What is not named is sniffed by a sidecar; here every caller is an HTTP client, so it is HTTP.
    private static bool IsHttp(string protocol)
        => protocol.ToLowerInvariant() is not ("https" or "tls" or "tcp" or "mongo" or "mysql" or "redis" or "kubernetes.io/wss");

    private static bool IsHttp2(string protocol) => protocol.ToLowerInvariant() is "grpc" or "grpc-web" or "http2" or "kubernetes.io/h2c";
}
