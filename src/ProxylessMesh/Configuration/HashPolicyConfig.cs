using System.Collections.Immutable;
using ProxylessMesh.Matching;

namespace ProxylessMesh.Configuration;

/// <summary>One thing that a request's hash is taken from (<c>RouteAction.HashPolicy</c>).</summary>
internal abstract record HashPolicyConfig
{
    /// <summary>Those after it do not count once there is a hash (<c>terminal</c>).</summary>
    public bool IsTerminal { get; init; }
}

/// <summary>What becomes of a header with several values.</summary>
internal enum HashedValues
{
    /// <summary>Envoy: each is hashed with the hash of the last as its seed, in ascending order.</summary>
    Chained,

    /// <summary>
    /// In a gRPC call as in gRPC, joined by commas, and binary headers (<c>-bin</c>) count as absent; in any other request as
    /// in Envoy.
    /// </summary>
    JoinedInGrpc,
}

/// <summary><c>header</c>.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Rewrite">What is done to a value before it is hashed.</param>
/// <param name="Values">What becomes of several values.</param>
internal sealed record HeaderHashPolicyConfig(string Name, RegexRewrite? Rewrite, HashedValues Values) : HashPolicyConfig;

/// <summary><c>cookie</c>.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="TimeToLive">
/// Set: a request without the cookie gets one that lives as long, or zero: as long as the session. <see langword="null"/>: it gets none.
/// </param>
/// <param name="Path">The path the cookie is for; empty for none.</param>
/// <param name="Attributes">Further attributes.</param>
internal sealed record CookieHashPolicyConfig(string Name, TimeSpan? TimeToLive, string Path, ImmutableArray<KeyValuePair<string, string>> Attributes) : HashPolicyConfig;

/// <summary><c>connection_properties.source_ip</c>: the caller's address, and in a client who it is itself.</summary>
internal sealed record SourceHashPolicyConfig : HashPolicyConfig;

/// <summary><c>query_parameter</c>: the first of its name, as it is written.</summary>
internal sealed record QueryHashPolicyConfig(string Name) : HashPolicyConfig;

/// <summary><c>filter_state</c> with the key <c>io.grpc.channel_id</c> (gRFC A42).</summary>
internal sealed record ChannelHashPolicyConfig : HashPolicyConfig;

/// <summary>Something that a client's request never has: another key of <c>filter_state</c>, a specifier that is newer than this version.</summary>
internal sealed record AbsentHashPolicyConfig : HashPolicyConfig;
