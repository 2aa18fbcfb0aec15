using Google.Protobuf.WellKnownTypes;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads durations; a protobuf duration can be negative, not normalized, or longer than a <see cref="TimeSpan"/>.</summary>
internal static class DurationReader
{
    // "durations are from -315,576,000,000 to +315,576,000,000 seconds" - google/protobuf/duration.proto; here none is negative.
    private const long MaxSeconds = 315_576_000_000;
    private const int NanosecondsPerSecond = 1_000_000_000;

    /// <returns>The duration, or <see langword="null"/> when it is absent or wrong; then an error is noted.</returns>
    public static TimeSpan? Read(Duration? duration, string field, DecodeContext context)
    {
        if (duration is null)
        {
            return null;
        }

        if (duration.Seconds is < 0 or > MaxSeconds || duration.Nanos is < 0 or >= NanosecondsPerSecond)
        {
            context.Error(field, $"{duration.Seconds} s and {duration.Nanos} ns is no duration from 0 to {MaxSeconds} s");
            return null;
        }

        return new TimeSpan((duration.Seconds * TimeSpan.TicksPerSecond) + (duration.Nanos / TimeSpan.NanosecondsPerTick));
    }

    /// <summary>As <see cref="Read"/>, and zero is wrong too.</summary>
    public static TimeSpan? ReadPositive(Duration? duration, string field, DecodeContext context)
    {
        var value = Read(duration, field, context);
        if (value == TimeSpan.Zero)
        {
            context.Error(field, "must be greater than 0");
            return null;
        }

        return value;
    }
}
