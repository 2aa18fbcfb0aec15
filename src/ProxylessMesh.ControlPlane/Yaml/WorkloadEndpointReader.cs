using System.Net;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Yaml;

/// <summary>Reads the endpoints of a ServiceEntry, and checks them against its resolution.</summary>
internal static class WorkloadEndpointReader
{
    private const int MaxLocalityParts = 3;

    public static WorkloadEndpoint Read(FieldReader endpoint)
    {
        var address = endpoint.RequiredString("address");
        var result = new WorkloadEndpoint
        {
            Source = endpoint.Field("address"),
            Address = address,
            Ports = endpoint.PortMap("ports"),
            Labels = endpoint.StringMap("labels"),
            Weight = (uint)(endpoint.Integer("weight", 1, uint.MaxValue) ?? 1),
            Locality = ReadLocality(endpoint),
            ServiceAccount = endpoint.String("serviceAccount") ?? "",
        };
        if (result.ServiceAccount.Length > 0)
        {
            endpoint.Warning("serviceAccount", "has no effect: this version's control plane configures no TLS");
        }

        if (endpoint.String("network") is { Length: > 0 })
        {
            endpoint.Warning("network", "has no effect: this version's control plane knows no network gateways, so the address must be reachable");
        }

        endpoint.Finish();
        if (result.IsUnixSocket && !result.Ports.IsEmpty)
        {
            endpoint.Error("ports", "must be left out: a Unix domain socket has no ports");
        }

        return result;
    }

    /// <summary>What only the whole ServiceEntry can tell.</summary>
    public static void CheckEndpoints(ServiceEntry entry, FieldReader spec)
    {
        if (entry.WorkloadSelector is not null && !entry.Endpoints.IsEmpty)
        {
            spec.Error("workloadSelector", "excludes 'endpoints'; remove one of them");
        }

        if (entry.WorkloadSelector is not null && entry.Resolution == ServiceResolution.None)
        {
            spec.Error("resolution", "must be STATIC or DNS when a workloadSelector is given");
        }

        var isNameless = entry.Endpoints.IsEmpty && entry.WorkloadSelector is null
            && entry.Resolution is (ServiceResolution.Dns or ServiceResolution.DnsRoundRobin);
        if (isNameless && entry.Hosts.FirstOrDefault(host => HostPattern.IsWildcard(host.Host)) is { } wildcard)
        {
            spec.Error(wildcard.Source, $"'{wildcard.Host}' is no name that could be resolved; give endpoints, or resolution NONE");
        }

        if (entry.Resolution == ServiceResolution.None && !entry.Endpoints.IsEmpty)
        {
            spec.Error("resolution", "must be STATIC or DNS when endpoints are given");
        }

        if (entry.Resolution == ServiceResolution.DnsRoundRobin && entry.Endpoints.Length > 1)
        {
            spec.Error("endpoints", "must hold at most one endpoint with resolution DNS_ROUND_ROBIN; use DNS for several");
        }

        if (entry.Resolution == ServiceResolution.Static && entry.Endpoints.IsEmpty && entry.WorkloadSelector is null)
        {
            spec.Warning("endpoints", "is empty: every call to this service fails until one is added");
        }

        foreach (var endpoint in entry.Endpoints)
        {
            CheckAddress(entry, endpoint, spec);
            CheckPortNames(entry, endpoint, spec);
        }

        CheckRepeatedAddresses(entry, spec);
        CheckWeights(entry, spec);
    }

    private static string ReadLocality(FieldReader endpoint)
    {
        var locality = endpoint.String("locality") ?? "";
        var parts = locality.Split('/');
        if (parts.Length > MaxLocalityParts || (locality.Length > 0 && parts[0].Length == 0))
        {
            endpoint.Error("locality", $"must be region/zone/subzone, parts may be left out from the right, not '{locality}'");
        }

        return locality;
    }

    private static void CheckAddress(ServiceEntry entry, WorkloadEndpoint endpoint, FieldReader spec)
    {
        if (endpoint.Address.Length == 0)
        {
            return;
        }

        var isIpAddress = IPAddress.TryParse(endpoint.Address, out _);
        switch (entry.Resolution)
        {
            case ServiceResolution.Static when endpoint.IsUnixSocket:
                if (!endpoint.Address.StartsWith(WorkloadEndpoint.UnixScheme + "/", StringComparison.Ordinal))
                {
                    spec.Error(endpoint.Source, $"'{endpoint.Address}': a Unix domain socket is written unix:///absolute/path");
                }

                break;
            case ServiceResolution.Static when !isIpAddress:
                spec.Error(endpoint.Source, $"'{endpoint.Address}' must be an IP address or unix:///path with resolution STATIC; use resolution DNS for a name");
                break;
            case ServiceResolution.Dns or ServiceResolution.DnsRoundRobin when !isIpAddress && !HostReader.IsHostName(endpoint.Address):
                spec.Error(endpoint.Source, $"'{endpoint.Address}' must be a host name or an IP address with resolution DNS");
                break;
        }
    }

    private static void CheckPortNames(ServiceEntry entry, WorkloadEndpoint endpoint, FieldReader spec)
    {
        foreach (var name in endpoint.Ports.Keys)
        {
            if (!entry.Ports.Any(port => string.Equals(port.Name, name, StringComparison.Ordinal)))
            {
                spec.Error(endpoint.Source, $"port '{name}' is not a port of this service; its ports: {string.Join(", ", entry.Ports.Select(port => port.Name))}");
            }
        }
    }

    // "duplicate address in a cluster" is invalid - gRFC A74.
    private static void CheckRepeatedAddresses(ServiceEntry entry, FieldReader spec)
    {
        foreach (var port in entry.Ports)
        {
            var seen = new Dictionary<(string, int), SourceField>();
            foreach (var endpoint in entry.Endpoints)
            {
                var number = endpoint.IsUnixSocket ? 0 : endpoint.PortFor(port) ?? 0;
                if (!seen.TryAdd((endpoint.Address, number), endpoint.Source))
                {
                    spec.Error(
                        endpoint.Source,
                        $"'{endpoint.Address}' listens on the same port as the endpoint {seen[(endpoint.Address, number)].SeenFrom(endpoint.Source)} (port '{port.Name}'); merge them and add their weights");
                    return;
                }
            }
        }
    }

    // "the sum of the weights must not exceed 2^32-1" - Envoy: LbEndpoint.load_balancing_weight
    private static void CheckWeights(ServiceEntry entry, FieldReader spec)
    {
        if (entry.Endpoints.Sum(endpoint => (long)endpoint.Weight) > uint.MaxValue)
        {
            spec.Error("endpoints", $"weights must add up to at most {uint.MaxValue}; divide them all by the same number");
        }
    }
}
