using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>What a browser may do across origins (<c>CorsPolicy</c>). It is for the receiving side: a client sends it on and does nothing.</summary>
internal sealed record CorsPolicy
{
    public ImmutableArray<StringMatch> AllowOrigins { get; init; } = [];

    public ImmutableArray<string> AllowMethods { get; init; } = [];

    public ImmutableArray<string> AllowHeaders { get; init; } = [];

    public ImmutableArray<string> ExposeHeaders { get; init; } = [];

    public TimeSpan? MaxAge { get; init; }

    public bool? AllowCredentials { get; init; }

    /// <summary>Whether preflights of other origins are forwarded (<c>unmatchedPreflights</c>).</summary>
    public bool ForwardsUnmatchedPreflights { get; init; } = true;
}
