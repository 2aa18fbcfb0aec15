using System.Diagnostics.CodeAnalysis;

namespace ProxylessMesh;

/// <summary>The process's randomness: lock-free and safe for concurrent use.</summary>
[SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "The one place where the shared generator enters the mesh.")]
[SuppressMessage("Security", "CA5394:Do not use insecure randomness", Justification = "Load balancing and jitter need no secrecy.")]
internal sealed class SharedRandomSource : IRandomSource
{
    public static readonly SharedRandomSource Instance = new();

    private SharedRandomSource()
    {
    }

    public uint Next(uint exclusiveMax) => (uint)Random.Shared.NextInt64(exclusiveMax);

    public double NextDouble() => Random.Shared.NextDouble();
}
