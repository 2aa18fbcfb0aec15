using Envoy.Config.Core.V3;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Checks where a referenced resource is to come from: only the stream that carried the reference is there to ask.</summary>
internal static class ConfigSourceReader
{
    public static void Check(ConfigSource? source, string field, DecodeContext context)
    {
        if (source?.ConfigSourceSpecifierCase is not (ConfigSource.ConfigSourceSpecifierOneofCase.Ads or ConfigSource.ConfigSourceSpecifierOneofCase.Self))
        {
            context.Error(field, "must be 'ads' or 'self': resources come from one control plane over one stream (gRFC A27)");
        }
    }
}
