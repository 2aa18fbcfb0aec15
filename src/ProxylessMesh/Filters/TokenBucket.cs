using System.Numerics;
using ProxylessMesh.Configuration;

namespace ProxylessMesh.Filters;

/// <summary>
/// A token bucket that fills evenly. Lock-free: its whole state is one number, the moment at which it was empty, so that what has come in since is
/// known without a timer, and taking a token is one exchange. Thread-safe.
/// </summary>
/// <remarks>
/// Not System.Threading.RateLimiting: its token bucket adds a whole period's tokens at the end of each period, takes a lock, gives out a lease object,
/// and knows no clock but its own. Envoy's limits drip.
/// </remarks>
internal sealed class TokenBucket
{
    /// <summary>A tick is divided so finely at most: it keeps the numbers within 64 bits for decades.</summary>
    private const long MaxScale = 1000;

    private readonly TimeProvider _timeProvider;
    private readonly long _start;
    private readonly long _scale;
    private readonly long _cost;
    private readonly long _capacity;

    /// <summary>In parts of a tick since the start; may lie before it.</summary>
    private long _emptyAt;

    public TokenBucket(TokenBucketConfig config, TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _start = timeProvider.GetTimestamp();
        MaxTokens = config.MaxTokens;
        FillRate = config.TokensPerFill / config.FillInterval.TotalSeconds;

        // A token costs interval / tokens ticks. Ticks are counted in parts, as many as make that a whole number.
        var common = (long)BigInteger.GreatestCommonDivisor(config.FillInterval.Ticks, config.TokensPerFill);
        _scale = Math.Min(config.TokensPerFill / common, MaxScale);
        _cost = Math.Max(1, (long)Math.Round((decimal)config.FillInterval.Ticks * _scale / config.TokensPerFill));
        _capacity = (long)Int128.Min((Int128)_cost * MaxTokens, long.MaxValue / 4);
        _emptyAt = -_capacity;
    }

    public uint MaxTokens { get; }

    /// <summary>How many tokens come in a second.</summary>
    public double FillRate { get; }

    /// <summary>How many whole tokens there are.</summary>
    public uint Remaining => (uint)Math.Min(MaxTokens, Available(Now) / _cost);

    /// <summary>How long it takes until there is a token: none where there is one.</summary>
    public TimeSpan UntilNext
    {
        get
        {
            var available = Available(Now);
            return available >= _cost ? TimeSpan.Zero : TimeSpan.FromTicks((_cost - available + _scale - 1) / _scale);
        }
    }

    private long Now => _timeProvider.GetElapsedTime(_start).Ticks * _scale;

    /// <summary>Takes tokens, if there are as many.</summary>
    public bool TryTake(ulong tokens = 1)
    {
        if (tokens > (ulong)(long.MaxValue / 4 / _cost))
        {
            return false; // more than fit in
        }

        var price = (long)tokens * _cost;
        var now = Now;
        while (true)
        {
            // What would have come in beyond the capacity is lost.
            var before = Volatile.Read(ref _emptyAt);
            var emptyAt = Math.Max(before, now - _capacity);
            if (now - emptyAt < price)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _emptyAt, emptyAt + price, before) == before)
            {
                return true;
            }
        }
    }

    private long Available(long now) => now - Math.Max(Volatile.Read(ref _emptyAt), now - _capacity);
}
