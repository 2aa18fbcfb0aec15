using Envoy.Type.V3;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Xds.Resources;

/// <summary>Reads shares.</summary>
internal static class FractionReader
{
    /// <returns>The share, or <see langword="null"/> when it is wrong; then an error is noted.</returns>
    public static FractionConfig? Read(FractionalPercent fraction, string field, DecodeContext context)
    {
        switch (fraction.Denominator)
        {
            case FractionalPercent.Types.DenominatorType.Hundred:
                return new FractionConfig(fraction.Numerator, 100);
            case FractionalPercent.Types.DenominatorType.TenThousand:
                return new FractionConfig(fraction.Numerator, 10_000);
            case FractionalPercent.Types.DenominatorType.Million:
                return new FractionConfig(fraction.Numerator, 1_000_000);
            default:
                context.Error($"{field}.denominator", "must be HUNDRED, TEN_THOUSAND or MILLION");
                return null;
        }
    }
}
