using Google.Protobuf.WellKnownTypes;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Checks timeouts, which this version accepts without effect. Zero means none, so there is nothing to say about it.</summary>
internal static class TimeoutReader
{
    public static void Note(Duration? timeout, string field, DecodeContext context)
    {
        if (DurationReader.Read(timeout, field, context) > TimeSpan.Zero)
        {
            context.WarnNoEffect("timeouts", field);
        }
    }
}
