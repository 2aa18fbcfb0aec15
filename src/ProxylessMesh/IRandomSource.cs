namespace ProxylessMesh;

/// <summary>Randomness for weighted choices, backoff jitter and sampling. A test scripts it; production shares one instance.</summary>
internal interface IRandomSource
{
    /// <summary>A uniform number in [0, <paramref name="exclusiveMax"/>). <paramref name="exclusiveMax"/> is at least 1.</summary>
    uint Next(uint exclusiveMax);

    /// <summary>A uniform number in [0, 1).</summary>
    double NextDouble();
}
