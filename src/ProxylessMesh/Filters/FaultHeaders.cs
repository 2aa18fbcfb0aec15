using System.Globalization;
using ProxylessMesh.Configuration;
using ProxylessMesh.Messages;

namespace ProxylessMesh.Filters;

/// <summary>What requests say of the faults that they want, where the configuration lets them. What is no number is as if it were not there. Stateless.</summary>
internal static class FaultHeaders
{
    /// <summary>In milliseconds.</summary>
    public const string Delay = "x-envoy-fault-delay-request";
    public const string DelayShare = "x-envoy-fault-delay-request-percentage";
    public const string Abort = "x-envoy-fault-abort-request";
    public const string GrpcAbort = "x-envoy-fault-abort-grpc-request";
    public const string AbortShare = "x-envoy-fault-abort-request-percentage";

    /// <summary>In KiB a second.</summary>
    public const string Rate = "x-envoy-fault-throughput-response";
    public const string RateShare = "x-envoy-fault-throughput-response-percentage";

    public static uint? Number(in RequestHeaders headers, string name)
        => headers.GetHeader(name) is [{ } value, ..] && uint.TryParse(value.AsSpan().Trim(" \t"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The share that a request asks for: "its maximum value is capped by the value of the numerator of percentage field" - Envoy's fault filter, gRFC A33.</summary>
    public static FractionConfig Share(in RequestHeaders headers, string name, FractionConfig configured)
        => Number(in headers, name) is { } numerator && numerator < configured.Numerator ? configured with { Numerator = numerator } : configured;
}
