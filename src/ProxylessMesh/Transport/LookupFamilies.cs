using System.Net;
using System.Net.Sockets;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Transport;

/// <summary>Chooses among the addresses of a name by family (<c>Cluster.dns_lookup_family</c>); their order stays.</summary>
internal static class LookupFamilies
{
    public static IPAddress[] Select(IPAddress[] addresses, DnsLookupFamily family) => family switch
    {
        DnsLookupFamily.V4Only => Only(addresses, AddressFamily.InterNetwork),
        DnsLookupFamily.V6Only => Only(addresses, AddressFamily.InterNetworkV6),
        DnsLookupFamily.V4Preferred => Only(addresses, AddressFamily.InterNetwork) is { Length: > 0 } v4 ? v4 : addresses,
        _ => addresses,
    };

    private static IPAddress[] Only(IPAddress[] addresses, AddressFamily family) => Array.FindAll(addresses, address => address.AddressFamily == family);
}
