using System.Buffers.Binary;

namespace ProxylessMesh.LoadBalancing;

/// <summary>MurmurHash64A (A. Appleby, public domain) with the seed that the GNU C++ library and Envoy's rings use. Not for secrets.</summary>
internal static class MurmurHash2
{
    private const ulong Seed = 0xc70f6907;
    private const ulong Multiplier = 0xc6a4a7935bd1e995;
    private const int Shift = 47;

    public static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = Seed ^ ((ulong)bytes.Length * Multiplier);
        while (bytes.Length >= sizeof(ulong))
        {
            hash = (hash ^ (Mix(BinaryPrimitives.ReadUInt64LittleEndian(bytes) * Multiplier) * Multiplier)) * Multiplier;
            bytes = bytes[sizeof(ulong)..];
        }

        if (!bytes.IsEmpty)
        {
            var rest = 0UL;
            for (var i = bytes.Length - 1; i >= 0; i--)
            {
                rest = (rest << 8) | bytes[i];
            }

            hash = (hash ^ rest) * Multiplier;
        }

        return Mix(Mix(hash) * Multiplier);
    }

    private static ulong Mix(ulong value) => value ^ (value >> Shift);
}
