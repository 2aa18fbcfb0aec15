using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>Faults to inject (<c>envoy.extensions.filters.http.fault.v3.HTTPFault</c>, gRFC A33).</summary>
internal sealed record FaultConfig : FilterConfig
{
    public const string TypeUrl = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault";

    /// <summary>
    /// The filters of a listener that no control plane tells of: istiod puts this filter into each, under this name, and its routes say what faults
    /// there are (Istio's sidecar dialect, where a client asks for routes and not for listeners).
    /// </summary>
    public static readonly ImmutableArray<HttpFilterConfig> Implied = [new("envoy.filters.http.fault", TypeUrl) { Config = new FaultConfig { Fingerprint = "" } }];

    public FaultDelayConfig? Delay { get; init; }

    public FaultAbortConfig? Abort { get; init; }

    public FaultRateConfig? ResponseRate { get; init; }

    /// <summary><c>upstream_cluster</c>: only requests to it; empty for all.</summary>
    public string ClusterName { get; init; } = "";

    /// <summary>Only requests that match all of them.</summary>
    public ImmutableArray<HeaderMatcher> Headers { get; init; } = [];

    /// <summary><c>downstream_nodes</c>: only requests that name one of them in <c>x-envoy-downstream-service-node</c>; empty for all.</summary>
    public ImmutableArray<string> DownstreamNodes { get; init; } = [];

    /// <summary><c>max_active_faults</c>; <see langword="null"/> for no limit.</summary>
    public uint? MaxActive { get; init; }

    /// <summary>Whether there is any fault to inject.</summary>
    public bool HasFaults => Delay is not null || Abort is not null || ResponseRate is not null;
}

/// <summary>Holds requests back.</summary>
/// <param name="Fixed"><c>fixed_delay</c>; <see langword="null"/> where a header of the request says it (<c>header_delay</c>).</param>
/// <param name="Share">Of how many.</param>
internal sealed record FaultDelayConfig(TimeSpan? Fixed, FractionConfig Share);

/// <summary>Answers requests with a failure.</summary>
/// <param name="Share">Of how many.</param>
internal sealed record FaultAbortConfig(FractionConfig Share)
{
    /// <summary><c>http_status</c>.</summary>
    public int? HttpStatus { get; init; }

    /// <summary><c>grpc_status</c>.</summary>
    public uint? GrpcStatus { get; init; }

    /// <summary>Whether a header of the request says which (<c>header_abort</c>).</summary>
    public bool IsByHeader => HttpStatus is null && GrpcStatus is null;
}

/// <summary>Slows the bodies of responses down.</summary>
/// <param name="Fixed"><c>fixed_limit.limit_kbps</c>, in KiB a second; <see langword="null"/> where a header of the request says it (<c>header_limit</c>).</param>
/// <param name="Share">Of how many.</param>
internal sealed record FaultRateConfig(ulong? Fixed, FractionConfig Share);
