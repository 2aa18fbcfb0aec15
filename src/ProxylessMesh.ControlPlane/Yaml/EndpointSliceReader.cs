using System.Collections.Immutable;
using System.Net;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads an EndpointSlice, whose fields stand at the top of its document.</summary>
internal static class EndpointSliceReader
{
    private const string ServiceNameLabel = "kubernetes.io/service-name";

    public static EndpointSlice Read(MeshDocument document)
    {
        var fields = document.Fields;
        var service = document.Labels.GetValueOrDefault(ServiceNameLabel, "");
        if (service.Length == 0)
        {
            fields.Error("metadata", $"must have the label {ServiceNameLabel}, which names the Service");
        }

        var type = fields.String("addressType");
        if (type is not (null or "IPv4" or "IPv6"))
        {
            fields.Error("addressType", $"must be IPv4 or IPv6, not '{type}'");
        }

        return new EndpointSlice
        {
            Identity = document.Identity,
            ServiceName = service,
            Source = fields.Self,
            Ports = ReadPorts(fields),
            Endpoints = [.. fields.Objects("endpoints", ReadEndpoint).Where(endpoint => endpoint.Address.Length > 0)],
        };
    }

    private static ImmutableSortedDictionary<string, int> ReadPorts(FieldReader fields)
    {
        var ports = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        fields.Objects("ports", port =>
        {
            port.Required("port");
            var name = port.String("name") ?? "";
            if (port.Port("port") is { } number && !ports.TryAdd(name, number))
            {
                port.Error("name", $"'{name}' is used by several ports; each needs its own");
            }

            port.Accept("protocol", "appProtocol");
            port.Finish();
            return port;
        });
        return ports.ToImmutable();
    }

    private static SliceEndpoint ReadEndpoint(FieldReader endpoint)
    {
        var addresses = endpoint.Strings("addresses");
        if (addresses.IsEmpty)
        {
            endpoint.Error("addresses", "must hold an address");
        }
        else if (!IPAddress.TryParse(addresses[0], out _))
        {
            endpoint.Error("addresses", $"'{addresses[0]}' is not an IP address");
        }

        var conditions = endpoint.Object("conditions", fields =>
        {
            var result = new Conditions(fields.Boolean("ready", byDefault: true));
            fields.Accept("serving", "terminating");
            fields.Finish();
            return result;
        });
        var pod = endpoint.Object("targetRef", target => target.String("kind") == "Pod" ? target.String("name") : null) ?? "";
        var node = endpoint.String("nodeName") ?? "";
        endpoint.Accept("deprecatedTopology", "hints", "hostname", "zone");
        endpoint.Finish();
        return new SliceEndpoint(endpoint.Field("addresses"), addresses.IsEmpty ? "" : addresses[0], conditions?.IsReady ?? true, pod, node);
    }

    private sealed record Conditions(bool IsReady);
}
