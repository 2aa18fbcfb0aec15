using System.Globalization;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Routing;

/// <summary>How long one request may take. Stateless.</summary>
/// <param name="Timeout">The whole time; <see langword="null"/> for no end.</param>
/// <param name="GrpcTimeout">What goes on in <c>grpc-timeout</c>; <see langword="null"/> leaves it as it is.</param>
internal readonly record struct RequestTimeout(TimeSpan? Timeout, TimeSpan? GrpcTimeout)
{
    private const int MaxDigits = 8;

    /// <param name="timeouts">What the route says.</param>
    /// <param name="grpcTimeout">The request's <c>grpc-timeout</c>, if it is a gRPC request and has one.</param>
    public static RequestTimeout Of(RouteTimeoutsConfig timeouts, string? grpcTimeout)
    {
        // 1. A call's own timeout, capped; 0 is no cap. "an application deadline is never extended" - gRFC A31
        if (timeouts.GrpcTimeoutMax is { } max && TryParse(grpcTimeout, out var own))
        {
            var capped = max > TimeSpan.Zero && own > max ? max : own;
            var left = capped - (timeouts.GrpcTimeoutOffset ?? TimeSpan.Zero);
            left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            return new RequestTimeout(left, left);
        }

        // 2. The limit of a stream takes the place of the route's timeout. 3. The route's timeout; 0 is none.
        var timeout = timeouts.HasMaxStreamDuration ? timeouts.MaxStreamDuration : timeouts.Timeout ?? RouteTimeoutsConfig.Default;
        return new RequestTimeout(timeout > TimeSpan.Zero ? timeout : null, GrpcTimeout: null);
    }

    /// <summary>Parses <c>grpc-timeout</c>: at most eight digits and a unit.</summary>
    private static bool TryParse(string? value, out TimeSpan timeout)
    {
        timeout = default;
        if (value is not { Length: >= 2 and <= MaxDigits + 1 } || !long.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        long? ticks = value[^1] switch
        {
            'H' => number * TimeSpan.TicksPerHour,
            'M' => number * TimeSpan.TicksPerMinute,
            'S' => number * TimeSpan.TicksPerSecond,
            'm' => number * TimeSpan.TicksPerMillisecond,
            'u' => number * TimeSpan.TicksPerMicrosecond,
            'n' => number / TimeSpan.NanosecondsPerTick,
            _ => null,
        };
        timeout = new TimeSpan(ticks ?? 0);
        return ticks is not null;
    }
}
