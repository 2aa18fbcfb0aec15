using System.Diagnostics.CodeAnalysis;

namespace ProxylessMesh.Tests.Peers;

/// <summary>Randomness that is the same in every run. Safe for concurrent use: a lock hands out one sequence.</summary>
[SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "The tests' own implementation of the injected source.")]
[SuppressMessage("Security", "CA5394:Do not use insecure randomness", Justification = "A test wants to be repeatable, not secret.")]
public sealed class SeededRandomSource(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    public uint Next(uint exclusiveMax)
    {
        lock (_lock)
        {
            return (uint)_random.NextInt64(exclusiveMax);
        }
    }

    public double NextDouble()
    {
        lock (_lock)
        {
            return _random.NextDouble();
        }
    }
}
