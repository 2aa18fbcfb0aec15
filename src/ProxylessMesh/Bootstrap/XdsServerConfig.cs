using System.Collections.Immutable;

namespace ProxylessMesh.Bootstrap;

/// <summary>One control plane (<c>xds_servers[]</c>).</summary>
internal sealed record XdsServerConfig
{
    private const string FailOnDataErrors = "fail_on_data_errors";
    private const string TrustedXdsServer = "trusted_xds_server";
    private const string ResourceTimerIsTransientError = "resource_timer_is_transient_error";

    /// <summary>As written in the bootstrap: its name in errors and logs.</summary>
    public required string ServerUri { get; init; }

    public required XdsServerAddress Address { get; init; }

    public required ChannelCredentialsConfig Credentials { get; init; }

    /// <summary>The files of <c>call_creds</c> of type <c>jwt_token_file</c> (gRFC A97). Empty over plaintext: tokens are sent over TLS only.</summary>
    public ImmutableArray<string> JwtTokenFiles { get; init; } = [];

    /// <summary>
    /// <c>server_features</c>, the unknown ones too. <c>ignore_resource_deletion</c> (gRFC A53) is one of those: gRFC A88 has made
    /// what it asks for the rule.
    /// </summary>
    public ImmutableArray<string> Features { get; init; } = [];

    /// <summary>gRFC A88: what this server deletes or gets wrong is dropped, instead of the last good version staying in use.</summary>
    public bool FailsOnDataErrors => Features.Contains(FailOnDataErrors, StringComparer.Ordinal);

    /// <summary>Whether both are one server, asked in one way: then one connection serves for both (gRFC A47).</summary>
    public bool Equals(XdsServerConfig? other)
        => other is not null
            && ServerUri == other.ServerUri
            && Credentials == other.Credentials
            && JwtTokenFiles.SequenceEqual(other.JwtTokenFiles, StringComparer.Ordinal)
            && Features.ToHashSet(StringComparer.Ordinal).SetEquals(other.Features);

    public override int GetHashCode() => ServerUri.GetHashCode(StringComparison.Ordinal);

    /// <summary>gRFC A88: this server says what it does not have; silence for 30 s means that it is slow, not for 15 s that there is nothing.</summary>
    public bool IsResourceTimerTransient => Features.Contains(ResourceTimerIsTransientError, StringComparer.Ordinal);

    /// <summary>gRFC A81: this server may say under which name endpoints are asked.</summary>
    public bool IsTrusted => Features.Contains(TrustedXdsServer, StringComparer.Ordinal);
}
