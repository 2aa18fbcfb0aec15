using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>A Gateway API <c>HTTPRoute</c> or <c>GRPCRoute</c> whose parents are Services.</summary>
internal sealed record GatewayRoute
{
    public required ResourceIdentity Identity { get; init; }

    public ImmutableArray<GatewayParent> Parents { get; init; } = [];

    public ImmutableArray<GatewayRule> Rules { get; init; } = [];
}

/// <summary>A <c>parentRefs[]</c> entry of kind Service.</summary>
/// <param name="Source">Where it is written.</param>
/// <param name="Namespace">Of the Service.</param>
/// <param name="Name">Of the Service.</param>
/// <param name="Port"><see langword="null"/>: every port.</param>
internal sealed record GatewayParent(SourceField Source, string Namespace, string Name, int? Port);

/// <summary>One <c>rules[]</c> entry.</summary>
internal sealed record GatewayRule
{
    /// <summary>Never empty: a rule without matches has the one that takes everything.</summary>
    public required ImmutableArray<HttpMatch> Matches { get; init; }

    public HeaderOperations Headers { get; init; } = HeaderOperations.None;

    public HttpRedirect? Redirect { get; init; }

    public GatewayRewrite? Rewrite { get; init; }

    public ImmutableArray<GatewayBackend> Backends { get; init; } = [];

    public TimeSpan Timeout { get; init; }

    public HttpRetry? Retries { get; init; }

    public ImmutableArray<GatewayMirror> Mirrors { get; init; } = [];

    public CorsPolicy? Cors { get; init; }
}

/// <summary><c>URLRewrite</c>: at most one of the paths is given.</summary>
internal sealed record GatewayRewrite(string Authority, string? FullPath, string? PrefixPath);

/// <summary>One <c>backendRefs[]</c> entry of kind Service.</summary>
internal sealed record GatewayBackend(SourceField Source, string Namespace, string Name, int Port, uint Weight, HeaderOperations Headers);

/// <summary><c>RequestMirror</c>.</summary>
internal sealed record GatewayMirror(GatewayBackend Backend, Share Share);

/// <summary>Lets routes of another namespace lead to Services of this one (<c>ReferenceGrant</c>).</summary>
/// <param name="Identity">Its namespace is the Services'.</param>
/// <param name="From">Kind and namespace of the routes.</param>
/// <param name="Services">Names; empty: all.</param>
internal sealed record ReferenceGrant(ResourceIdentity Identity, ImmutableArray<(string Kind, string Namespace)> From, ImmutableArray<string> Services);
