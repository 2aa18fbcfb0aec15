using System.Globalization;

namespace ProxylessMesh.Configuration;

/// <summary>A service as Istio's names give it.</summary>
internal readonly record struct ExternalService(string Host, int Port);

/// <summary>Which services are outside the cluster, and where they are dialled.</summary>
/// <param name="clusterDomain">The cluster's own domain, such as <c>cluster.local</c>: what is below its <c>svc</c> is inside.</param>
/// <param name="addresses">Where to dial instead: by <c>host:port</c>, or by <c>host</c> for all its ports.</param>
internal sealed class ExternalServiceNames(string clusterDomain, IReadOnlyDictionary<string, string> addresses)
{
    private readonly string _suffix = $".svc.{clusterDomain}";

    /// <summary>Takes a name of the form <c>direction|port|subset|host</c> apart.</summary>
    public static ExternalService? Parse(string name)
    {
        var parts = name.Split('|');
        return parts is ["outbound" or "passthrough", var port, _, { Length: > 0 } host] && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= ushort.MaxValue
            ? new ExternalService(host, number)
            : null;
    }

    public bool IsOutside(string host) => !host.EndsWith(_suffix, StringComparison.OrdinalIgnoreCase);

    public EndpointAddress AddressOf(ExternalService service)
        => addresses.TryGetValue($"{service.Host}:{service.Port}", out var address) || addresses.TryGetValue(service.Host, out address)
            ? ParseAddress(address, service.Port)
            : EndpointAddress.Tcp(service.Host, service.Port);

    /// <summary>A host or IP address, perhaps with a port; without one the service's own port is dialled.</summary>
    private static EndpointAddress ParseAddress(string address, int defaultPort)
    {
        var uri = new Uri($"tcp://{address}"); // valid: looked at when the options were
        return EndpointAddress.Tcp(uri.IdnHost, uri.Port > 0 ? uri.Port : defaultPort);
    }
}
