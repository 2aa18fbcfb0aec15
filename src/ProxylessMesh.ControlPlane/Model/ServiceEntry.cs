using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>How the endpoints of a service are found (<c>ServiceEntry.resolution</c>).</summary>
internal enum ServiceResolution
{
    /// <summary>Istio's default: dial what the host itself resolves to.</summary>
    None,

    /// <summary>The endpoints are IP addresses or Unix domain sockets.</summary>
    Static,

    /// <summary>Every address of every name is an endpoint.</summary>
    Dns,

    /// <summary>One name; each connection goes to the first address.</summary>
    DnsRoundRobin,
}

/// <summary>A service: <c>networking.istio.io ServiceEntry</c>.</summary>
internal sealed record ServiceEntry
{
    public required ResourceIdentity Identity { get; init; }

    public required ImmutableArray<HostReference> Hosts { get; init; }

    /// <summary>Virtual IP addresses, which become domains of the virtual host.</summary>
    public ImmutableArray<string> Addresses { get; init; } = [];

    public required ImmutableArray<ServicePort> Ports { get; init; }

    public ServiceResolution Resolution { get; init; }

    public ImmutableArray<WorkloadEndpoint> Endpoints { get; init; } = [];
}

/// <summary>A port of a service.</summary>
/// <param name="Number">The port callers use.</param>
/// <param name="Name">Its name, by which endpoints override it.</param>
/// <param name="IsHttp">Requests on it are routed; any other protocol is passed through.</param>
/// <param name="TargetPort">The port endpoints listen on, unless an endpoint says otherwise.</param>
internal sealed record ServicePort(int Number, string Name, bool IsHttp, int TargetPort);

/// <summary>One endpoint of a service (<c>WorkloadEntry</c>).</summary>
internal sealed record WorkloadEndpoint
{
    /// <summary>What an address that names a Unix domain socket starts with; a path that begins with a slash follows.</summary>
    public const string UnixScheme = "unix://";

    public required SourceField Source { get; init; }

    /// <summary>An IP address, a DNS name, or <c>unix:///path</c>.</summary>
    public required string Address { get; init; }

    /// <summary>Port name to port number, where this endpoint differs from the service.</summary>
    public ImmutableSortedDictionary<string, int> Ports { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public uint Weight { get; init; } = 1;

    /// <summary><c>region/zone/subzone</c>; parts may be missing from the right.</summary>
    public string Locality { get; init; } = "";

    public bool IsUnixSocket => Address.StartsWith(UnixScheme, StringComparison.Ordinal);

    public int PortFor(ServicePort port) => Ports.TryGetValue(port.Name, out var number) ? number : port.TargetPort;
}
