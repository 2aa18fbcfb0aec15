using Google.Protobuf.WellKnownTypes;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Checks timeouts, which this version accepts without effect. Zero means none, so there is nothing to say about it.</summary>
internal static class TimeoutReader
{
    /// <returns>The timeout, or <see langword="null"/> when it is absent or wrong; then an error is noted.</returns>
    public static TimeSpan? Note(Duration? timeout, string field, DecodeContext context)
    {
        var value = DurationReader.Read(timeout, field, context);
        if (value > TimeSpan.Zero)
        {
            context.WarnNoEffect("timeouts", field);
        }

        return value;
    }
}
