using System.Net;
using System.Net.Sockets;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// The domains of a service's virtual host: every form a caller may write, each without and with the port. A route
/// configuration holds this one virtual host only, so the short forms cannot clash with another service's.
/// </summary>
internal static class VirtualHostDomains
{
    public static IReadOnlyList<string> Of(MeshService service, int port)
    {
        var domains = new List<string>();
        Add(domains, service.Host, port);
        if (service.Host.Contains('.', StringComparison.Ordinal))
        {
            Add(domains, service.Host + ".", port);
        }

        foreach (var form in ServiceNames.ShortForms(service.Host))
        {
            Add(domains, form, port);
        }

        foreach (var address in service.Entry.Addresses)
        {
            // A CIDR range is no authority a caller could write.
            if (IPAddress.TryParse(address, out var parsed))
            {
                Add(domains, parsed.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{parsed}]" : address, port);
            }
        }

        return domains;
    }

    private static void Add(List<string> domains, string host, int port)
    {
        if (!domains.Contains(host))
        {
            domains.Add(host);
            domains.Add(XdsNames.HostAndPort(host, port));
        }
    }
}
