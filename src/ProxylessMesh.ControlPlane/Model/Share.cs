namespace ProxylessMesh.ControlPlane.Model;

/// <summary>A share of requests, as it was written: Istio sends whole per cent in hundredths, and fractions in millionths.</summary>
/// <param name="Numerator">Of the denominator.</param>
/// <param name="IsOfMillion">Whether the denominator is 1,000,000; otherwise 100.</param>
internal readonly record struct Share(int Numerator, bool IsOfMillion)
{
    public static readonly Share All = new(100, IsOfMillion: false);

    /// <param name="percent">0 to 100; what is below a millionth is cut off.</param>
    public static Share OfPercent(double percent) => new((int)(percent * 10_000), IsOfMillion: true);
}
