namespace ProxylessMesh.Xds;

/// <summary>
/// Exponential backoff between attempts to open a stream, with gRPC's numbers: 1 s, times 1.6 up to 120 s, each spread by
/// ±20 % so that the clients of a control plane that comes back do not all call at once.
/// </summary>
internal sealed class Backoff(IRandomSource random)
{
    private const double Multiplier = 1.6;
    private const double Jitter = 0.2;
    private static readonly TimeSpan Base = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(120);

    private TimeSpan _next = Base;

    public TimeSpan Next()
    {
        var spread = 1 - Jitter + (2 * Jitter * random.NextDouble());
        var delay = _next * spread;
        _next = _next * Multiplier < Max ? _next * Multiplier : Max;
        return delay;
    }

    public void Reset() => _next = Base;
}
