using System.Collections.Immutable;
using System.Net;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads the spec of a ServiceEntry.</summary>
internal static class ServiceEntryReader
{
    public static ServiceEntry Read(MeshDocument document, FieldReader spec)
    {
        var entry = new ServiceEntry
        {
            Identity = document.Identity,
            Hosts = HostReader.ReadList(spec, "hosts"),
            Addresses = ReadAddresses(spec),
            Ports = spec.Objects("ports", ReadPort),
            Resolution = ReadResolution(spec),
            Endpoints = spec.Objects("endpoints", WorkloadEndpointReader.Read),
            WorkloadSelector = SelectorReader.Read(spec),
            ExportTo = VisibilityReader.ReadExportTo(spec),
            PrefersClose = TrafficDistributionReader.ReadAnnotation(document),
        };

        CheckLocation(spec);
        if (!spec.Strings("subjectAltNames").IsEmpty)
        {
            spec.Warning("subjectAltNames", "has no effect: this version's control plane configures no TLS");
        }

        spec.Finish();
        CheckPorts(entry, spec);
        WorkloadEndpointReader.CheckEndpoints(entry, spec);
        return entry;
    }

    private static ServicePort ReadPort(FieldReader port)
    {
        port.Required("number");
        var number = port.Port("number") ?? 0;
        var name = port.RequiredString("name");
        var isHttp = IsHttp(port);
        var isHttp2 = port.String("protocol")?.ToUpperInvariant() is "HTTP2" or "GRPC" or "GRPC-WEB";
        var targetPort = port.Port("targetPort") ?? number;
        port.Finish();
        return new ServicePort(number, name, isHttp, targetPort) { IsHttp2 = isHttp2 };
    }

    // An unnamed protocol is sniffed by a sidecar; here every caller is an HTTP client, so it is HTTP.
    private static bool IsHttp(FieldReader port)
    {
        var protocol = port.String("protocol");
        switch (protocol?.ToUpperInvariant())
        {
            case null or "" or "HTTP" or "HTTP2" or "GRPC" or "GRPC-WEB":
                return true;
            case "HTTPS" or "TLS" or "TCP" or "MONGO":
                return false;
            default:
                port.Error("protocol", $"must be one of HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, not '{protocol}'");
                return true;
        }
    }

    private static ServiceResolution ReadResolution(FieldReader spec)
    {
        var resolution = spec.String("resolution");
        switch (resolution)
        {
            case null or "NONE":
                return ServiceResolution.None;
            case "STATIC":
                return ServiceResolution.Static;
            case "DNS":
                return ServiceResolution.Dns;
            case "DNS_ROUND_ROBIN":
                return ServiceResolution.DnsRoundRobin;
            case "DYNAMIC_DNS":
                spec.Error("resolution", "DYNAMIC_DNS is not supported in this version; use DNS");
                return ServiceResolution.Dns;
            default:
                spec.Error("resolution", $"must be one of STATIC, DNS, DNS_ROUND_ROBIN, NONE, not '{resolution}'");
                return ServiceResolution.None;
        }
    }

    // Inside or outside makes no difference before identities do.
    private static void CheckLocation(FieldReader spec)
    {
        var location = spec.String("location");
        if (location is not (null or "MESH_EXTERNAL" or "MESH_INTERNAL"))
        {
            spec.Error("location", $"must be MESH_EXTERNAL or MESH_INTERNAL, not '{location}'");
        }
    }

    private static ImmutableArray<string> ReadAddresses(FieldReader spec)
    {
        var addresses = spec.Texts("addresses");
        foreach (var (address, source) in addresses)
        {
            if (!IPAddress.TryParse(address, out _) && !IPNetwork.TryParse(address, out _))
            {
                spec.Error(source, $"'{address}' is neither an IP address nor a CIDR range");
            }
        }

        return [.. addresses.Select(address => address.Text)];
    }

    private static void CheckPorts(ServiceEntry entry, FieldReader spec)
    {
        if (entry.Ports.IsEmpty)
        {
            spec.Error("ports", "must list at least one port");
        }

        RejectRepeated(entry.Ports.Where(port => port.Number > 0).Select(port => port.Number), "number", spec);
        RejectRepeated(entry.Ports.Where(port => port.Name.Length > 0).Select(port => port.Name), "name", spec);
    }

    private static void RejectRepeated<T>(IEnumerable<T> values, string what, FieldReader spec)
    {
        foreach (var repeated in values.GroupBy(value => value).Where(group => group.Skip(1).Any()))
        {
            spec.Error("ports", $"{what} '{repeated.Key}' is used by several ports; each needs its own");
        }
    }
}
