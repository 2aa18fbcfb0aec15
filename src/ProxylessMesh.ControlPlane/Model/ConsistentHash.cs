using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>What of a request is hashed, of which exactly one is given, and what the hash is looked up in (<c>consistentHash</c>).</summary>
internal sealed record ConsistentHash
{
    /// <summary>What <c>minimumRingSize</c> is where it is unset.</summary>
    public const long DefaultMinRingSize = 1024;

    public string? Header { get; init; }

    public HashCookie? Cookie { get; init; }

    public bool IsSourceIp { get; init; }

    public string? QueryParameter { get; init; }

    /// <summary>Without effect where there is a Maglev table.</summary>
    public long MinRingSize { get; init; } = DefaultMinRingSize;

    /// <summary>Maglev in the place of a ring.</summary>
    public bool IsMaglev { get; init; }

    /// <summary><see langword="null"/>: Envoy's default.</summary>
    public long? MaglevTableSize { get; init; }
}

/// <summary><c>httpCookie</c>.</summary>
/// <param name="Name">Of the cookie.</param>
/// <param name="Path">Of a cookie that is made; empty: none.</param>
/// <param name="Ttl">How long a cookie that is made lasts; <see langword="null"/>: none is made; zero: as long as the session.</param>
/// <param name="Attributes">Of a cookie that is made.</param>
internal sealed record HashCookie(string Name, string Path, TimeSpan? Ttl, ImmutableArray<(string Name, string Value)> Attributes);
