namespace ProxylessMesh.Configuration;

/// <summary>What a listener says of requests before they are routed (<c>HttpConnectionManager</c>).</summary>
internal sealed record HttpConnectionConfig
{
    public static readonly HttpConnectionConfig Default = new();

    /// <summary>The longest a request may last where its route says nothing (<c>common_http_protocol_options.max_stream_duration</c>); zero for no end.</summary>
    public TimeSpan? MaxStreamDuration { get; init; }

    /// <summary>How long nothing may come or go where the route says nothing (<c>stream_idle_timeout</c>); <see langword="null"/> or zero for no end.</summary>
    public TimeSpan? StreamIdle { get; init; }

    /// <summary>What becomes of a request's path.</summary>
    public PathNormalizationConfig Path { get; init; } = PathNormalizationConfig.None;

    /// <summary>Whether a request that has no <c>x-request-id</c> gets one (<c>generate_request_id</c>); <see langword="null"/> for what the dialect does.</summary>
    public bool? GeneratesRequestId { get; init; }

    /// <summary>Which ports are taken off the host.</summary>
    public HostPortStripping StripPort { get; init; }

    /// <summary>Take a trailing dot off the host (<c>strip_trailing_host_dot</c>).</summary>
    public bool StripTrailingDot { get; init; }
}

/// <summary>How the path of a request is brought into its normal form.</summary>
internal sealed record PathNormalizationConfig
{
    public static readonly PathNormalizationConfig None = new();

    /// <summary>All of it, as most who ask for any of it do.</summary>
    public static readonly PathNormalizationConfig Full = new() { ResolvesDots = true, MergesSlashes = true, EscapedSlashes = EscapedSlashes.UnescapeAndForward };

    /// <summary><c>normalize_path</c>: RFC 3986's normal form.</summary>
    public bool ResolvesDots { get; init; }

    /// <summary><c>merge_slashes</c>.</summary>
    public bool MergesSlashes { get; init; }

    /// <summary><c>path_with_escaped_slashes_action</c>.</summary>
    public EscapedSlashes EscapedSlashes { get; init; }
}

/// <summary>What becomes of <c>%2F</c> and <c>%5C</c> in a path.</summary>
internal enum EscapedSlashes
{
    Keep,
    Reject,
    UnescapeAndRedirect,
    UnescapeAndForward,
}

/// <summary>Which ports are taken off a request's host before it is matched.</summary>
internal enum HostPortStripping
{
    None,

    /// <summary>The listener's own (<c>strip_matching_host_port</c>), which for a client is the one that it asks for.</summary>
    Matching,

    /// <summary><c>strip_any_host_port</c>.</summary>
    Any,
}
