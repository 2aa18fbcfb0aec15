using System.Net;
using System.Net.Sockets;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>
/// The domains of a service's virtual host: every form the client may write, each without and, where the port is not ignored,
/// with the port. Short forms are relative to the client's namespace, so they cannot clash with another service's.
/// </summary>
internal static class VirtualHostDomains
{
    private const string AnyLabel = "*.";

    public static IReadOnlyList<string> Of(MeshService service, int port, MeshClient client)
    {
        var domains = new List<string>();
        foreach (var host in service.Aliases.Prepend(service.Host))
        {
            var forms = FormsOf(host, client.Namespace);
            Add(domains, forms, port, client);
            if (service.IsHeadless)
            {
                // The pods of a headless service have names below its own.
                Add(domains, forms.Select(form => AnyLabel + form), port, client);
            }
        }

        // A CIDR range is no authority a caller could write.
        var addresses = service.Addresses.Where(address => IPAddress.TryParse(address, out _)).Select(address => IPAddress.Parse(address));
        Add(domains, addresses.Select(address => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString()), port, client);
        return domains;
    }

    private static IReadOnlyList<string> FormsOf(string host, string ns)
        => host.Contains('.', StringComparison.Ordinal) ? [host, host + ".", .. ServiceNames.ShortForms(host, ns)] : [host];

    private static void Add(List<string> domains, IEnumerable<string> hosts, int port, MeshClient client)
    {
        foreach (var host in hosts)
        {
            if (domains.Contains(host))
            {
                continue;
            }

            domains.Add(host);
            if (client.Dialect == ClientDialect.Grpc)
            {
                domains.Add(XdsNames.HostAndPort(host, port));
            }
        }
    }
}
