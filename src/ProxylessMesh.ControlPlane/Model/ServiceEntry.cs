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

    /// <summary>Takes the endpoints from WorkloadEntries and Pods of the namespace instead.</summary>
    public LabelSelector? WorkloadSelector { get; init; }

    /// <summary><see langword="null"/>: the mesh's default.</summary>
    public ExportScope? ExportTo { get; init; }

    /// <summary>Annotation <c>networking.istio.io/traffic-distribution</c>: near endpoints first.</summary>
    public bool PrefersClose { get; init; }
}

/// <summary>A port of a service.</summary>
/// <param name="Number">The port callers use.</param>
/// <param name="Name">Its name, by which endpoints override it.</param>
/// <param name="IsHttp">Requests on it are routed; any other protocol is passed through.</param>
/// <param name="TargetPort">The port endpoints listen on, unless an endpoint says otherwise.</param>
internal sealed record ServicePort(int Number, string Name, bool IsHttp, int TargetPort)
{
    /// <summary>GRPC, GRPC-WEB or HTTP2: endpoints are called with HTTP/2.</summary>
    public bool IsHttp2 { get; init; }

    /// <summary>A Kubernetes <c>targetPort</c> that is the name of a container's port; empty when it is a number.</summary>
    public string TargetPortName { get; init; } = "";
}

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

    /// <summary>Whose identity it has; empty when unknown.</summary>
    public string ServiceAccount { get; init; } = "";

    /// <summary>A ready pod of Kubernetes, whose health is therefore known.</summary>
    public bool IsReadyPod { get; init; }

    /// <summary>Serves the ports of <see cref="Ports"/> and no other.</summary>
    public bool HasOnlyItsPorts { get; init; }

    public bool IsUnixSocket => Address.StartsWith(UnixScheme, StringComparison.Ordinal);

    /// <returns>The port it listens on for a port of the service, or <see langword="null"/> when it does not serve that.</returns>
    public int? PortFor(ServicePort port)
    {
        if (Ports.TryGetValue(port.Name, out var number))
        {
            return number;
        }

        return HasOnlyItsPorts ? null : port.TargetPort;
    }
}
