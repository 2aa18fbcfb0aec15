using Envoy.Type.V3;
using ProxylessMesh.ControlPlane.Model;

namespace ProxylessMesh.ControlPlane.Translation;

/// <summary>Makes fractions.</summary>
internal static class ShareTranslator
{
    public static FractionalPercent Translate(Share share) => new()
    {
        Numerator = (uint)share.Numerator,
        Denominator = share.IsOfMillion ? FractionalPercent.Types.DenominatorType.Million : FractionalPercent.Types.DenominatorType.Hundred,
    };
}
