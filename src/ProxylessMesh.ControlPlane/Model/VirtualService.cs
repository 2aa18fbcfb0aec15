using System.Collections.Immutable;

namespace ProxylessMesh.ControlPlane.Model;

/// <summary>The routes of one or several hosts: <c>networking.istio.io VirtualService</c>.</summary>
internal sealed record VirtualService
{
    public required ResourceIdentity Identity { get; init; }

    public required ImmutableArray<HostReference> Hosts { get; init; }

    public required ImmutableArray<HttpRoute> Http { get; init; }

    /// <summary>Where it is written.</summary>
    public SourceField Source { get; init; }

    /// <summary><see langword="null"/>: the mesh's default.</summary>
    public ExportScope? ExportTo { get; init; }

    /// <summary>Bound to <c>mesh</c>; otherwise to gateways only, and not to clients of the mesh.</summary>
    public bool IsForMesh { get; init; } = true;

    /// <summary>The one port it routes; <see langword="null"/>: every port of its hosts. Only the Gateway API can say so.</summary>
    public int? Port { get; init; }
}

/// <summary>
/// One <c>http[]</c> entry: any of <see cref="Matches"/> (none: every request) leads to one of <see cref="Destinations"/>, or is
/// answered by <see cref="Redirect"/> or <see cref="DirectResponse"/>, or goes on in the VirtualService that <see cref="Delegate"/>
/// names. There is exactly one of the four.
/// </summary>
internal sealed record HttpRoute
{
    /// <summary>Empty when not given.</summary>
    public string Name { get; init; } = "";

    public ImmutableArray<HttpMatch> Matches { get; init; } = [];

    public required ImmutableArray<RouteDestination> Destinations { get; init; }

    public HttpRedirect? Redirect { get; init; }

    public HttpDirectResponse? DirectResponse { get; init; }

    public DelegateReference? Delegate { get; init; }

    /// <summary>A destination that does not exist is answered with 500, as the Gateway API wants it.</summary>
    public bool AnswersMissingBackend { get; init; }

    public HttpRewrite? Rewrite { get; init; }

    public HeaderOperations Headers { get; init; } = HeaderOperations.None;

    /// <summary>For the whole request with its body and all retries; zero and <see langword="null"/> are none, as Istio's default is.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary><see langword="null"/>: the mesh's default.</summary>
    public HttpRetry? Retries { get; init; }

    public HttpFault? Fault { get; init; }

    public ImmutableArray<HttpMirror> Mirrors { get; init; } = [];

    public CorsPolicy? Cors { get; init; }

    /// <summary>Where it is written.</summary>
    public SourceField Source { get; init; }

    /// <summary>Completes the single-label hosts of its destinations; <see langword="null"/>: that of the VirtualService.</summary>
    public string? Namespace { get; init; }

    /// <summary>Answers by itself.</summary>
    public bool IsLocal => Redirect is not null || DirectResponse is not null;
}

/// <summary>Another VirtualService, without hosts, whose routes take the place of one.</summary>
internal sealed record DelegateReference(string Namespace, string Name, SourceField Source);

/// <summary>One <c>match[]</c> entry; all its conditions must hold.</summary>
internal sealed record HttpMatch
{
    public static readonly HttpMatch Any = new();

    public string Name { get; init; } = "";

    public StringMatch? Uri { get; init; }

    public bool IgnoreUriCase { get; init; }

    public StringMatch? Method { get; init; }

    public StringMatch? Authority { get; init; }

    public StringMatch? Scheme { get; init; }

    /// <summary>By header name in lower case. <see langword="null"/> asks only that the header is there.</summary>
    public ImmutableSortedDictionary<string, StringMatch?> Headers { get; init; } = ImmutableSortedDictionary<string, StringMatch?>.Empty;

    /// <summary>By header name in lower case. <see langword="null"/> asks that the header is not there.</summary>
    public ImmutableSortedDictionary<string, StringMatch?> WithoutHeaders { get; init; } = ImmutableSortedDictionary<string, StringMatch?>.Empty;

    /// <summary>By the parameter's name. <see langword="null"/> asks only that the parameter is there.</summary>
    public ImmutableSortedDictionary<string, StringMatch?> QueryParams { get; init; } = ImmutableSortedDictionary<string, StringMatch?>.Empty;

    /// <summary>Selects the listener's port when routes are generated; not looked at per request.</summary>
    public int? Port { get; init; }

    /// <summary>Labels that the client must carry. Selects when routes are generated; not consulted when gateways are given.</summary>
    public ImmutableSortedDictionary<string, string> SourceLabels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The namespace that the client must be in; empty: any.</summary>
    public string SourceNamespace { get; init; } = "";

    /// <summary>Empty: those of the VirtualService.</summary>
    public ImmutableArray<string> Gateways { get; init; } = [];
}

/// <summary>How a string is compared.</summary>
internal enum StringMatchKind
{
    Exact,
    Prefix,
    Regex,

    /// <summary>A prefix that ends where a segment of the path ends, as the Gateway API means it.</summary>
    PathPrefix,
}

/// <summary>A string condition (<c>StringMatch</c>).</summary>
internal sealed record StringMatch(StringMatchKind Kind, string Value);

/// <summary>One <c>route[]</c> entry.</summary>
internal sealed record RouteDestination
{
    public required SourceField Source { get; init; }

    public required string Host { get; init; }

    /// <summary>Empty when all endpoints of the host are meant.</summary>
    public string Subset { get; init; } = "";

    public int? Port { get; init; }

    /// <summary>Its share of the sum of weights. Without effect on the only destination of a route.</summary>
    public uint Weight { get; init; }

    /// <summary>Applied after those of the route when this is the destination that was drawn.</summary>
    public HeaderOperations Headers { get; init; } = HeaderOperations.None;
}
