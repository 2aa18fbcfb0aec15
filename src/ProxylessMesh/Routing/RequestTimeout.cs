using System.Globalization;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Routing;

/// <summary>How long one request may take, by what its route, its listener and its caller say. Stateless.</summary>
/// <param name="Stream">From its beginning to its end; <see langword="null"/> for no such limit.</param>
/// <param name="Route">From the moment the request was sent in full; <see langword="null"/> for no such limit.</param>
/// <param name="GrpcTimeout">What goes on in <c>grpc-timeout</c>; <see langword="null"/> leaves it as it is.</param>
internal readonly record struct RequestTimeout(TimeSpan? Stream, TimeSpan? Route, TimeSpan? GrpcTimeout)
{
    private const int MaxDigits = 8;

    /// <summary>How long nothing may come or go; <see langword="null"/> for no such limit.</summary>
    public TimeSpan? Idle { get; init; }

    /// <summary>The shorter of the two limits; <see langword="null"/> for no end.</summary>
    public TimeSpan? Timeout => Stream is null || Route < Stream ? Route : Stream;

    /// <summary>As Envoy reads the fields.</summary>
    /// <param name="timeouts">What the route says.</param>
    /// <param name="grpcTimeout">The request's <c>grpc-timeout</c>, if it is a gRPC request and has one.</param>
    /// <param name="listenerMax">The listener's <c>max_stream_duration</c>, for routes that say none.</param>
    public static RequestTimeout Of(RouteTimeoutsConfig timeouts, string? grpcTimeout, TimeSpan? listenerMax = null)
    {
        // 1. A call's own timeout, capped; 0 is no cap. "an application deadline is never extended" - gRFC A31
        if (timeouts.GrpcTimeoutMax is { } max && TryParse(grpcTimeout, out var own))
        {
            var capped = max > TimeSpan.Zero && own > max ? max : own;
            var left = capped - (timeouts.GrpcTimeoutOffset ?? TimeSpan.Zero);
            left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            return new RequestTimeout(left, null, left);
        }

        // 2. The limit of a stream takes the place of the route's timeout. 3. The route's timeout; 0 is none.
        return new RequestTimeout(
            PositiveOrNone(timeouts.MaxStreamDuration ?? listenerMax),
            timeouts.HasMaxStreamDuration ? null : PositiveOrNone(timeouts.Timeout ?? RouteTimeoutsConfig.Default),
            GrpcTimeout: null);
    }

    /// <summary>As gRPC reads them (gRFC A31), for a call under a control plane of gRPC's own: <c>timeout</c> and the offset mean nothing.</summary>
    /// <param name="timeouts">What the route says.</param>
    /// <param name="grpcTimeout">The call's <c>grpc-timeout</c>, if it has one.</param>
    /// <param name="listenerMax">The listener's <c>max_stream_duration</c>, for routes that say none.</param>
    public static RequestTimeout OfGrpc(RouteTimeoutsConfig timeouts, string? grpcTimeout, TimeSpan? listenerMax)
    {
        var limit = PositiveOrNone(timeouts.GrpcTimeoutMax ?? timeouts.MaxStreamDuration ?? listenerMax);
        return limit is null || (TryParse(grpcTimeout, out var own) && own <= limit) ? default : new RequestTimeout(limit, null, limit);
    }

    /// <summary>Whether a call's own timeout is longer than <paramref name="limit"/>, so that the next hop must hear of the shorter one.</summary>
    public static bool IsLonger(string? grpcTimeout, TimeSpan limit) => TryParse(grpcTimeout, out var own) && own > limit;

    /// <summary>Writes <c>grpc-timeout</c>; what is less than a unit is left out, as the next hop must not wait longer.</summary>
    public static string Format(TimeSpan timeout)
    {
        var milliseconds = (long)timeout.TotalMilliseconds;
        return milliseconds < 100_000_000
            ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds}m")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(milliseconds / 1000, 99_999_999)}S");
    }

    private static TimeSpan? PositiveOrNone(TimeSpan? limit) => limit > TimeSpan.Zero ? limit : null;

    /// <summary>Parses <c>grpc-timeout</c>: at most eight digits and a unit.</summary>
    public static bool TryParse(string? value, out TimeSpan timeout)
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
