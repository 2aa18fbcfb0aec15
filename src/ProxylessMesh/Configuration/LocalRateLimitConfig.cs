using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>Limits requests by tokens counted in this process (<c>envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit</c>).</summary>
internal sealed record LocalRateLimitConfig : FilterConfig
{
    /// <summary>What a refused request is answered where no status is given, or one below 400.</summary>
    public const int DefaultStatus = 429;

    /// <summary>How it is called in metrics.</summary>
    public string StatPrefix { get; init; } = "";

    /// <summary>The tokens of every request; <see langword="null"/> where only descriptors have some.</summary>
    public TokenBucketConfig? Bucket { get; init; }

    /// <summary>The tokens of requests that are counted as something.</summary>
    public ImmutableArray<LocalDescriptorConfig> Descriptors { get; init; } = [];

    /// <summary>Whether requests that a descriptor's tokens were taken for take one of <see cref="Bucket"/> as well (<c>always_consume_default_token_bucket</c>).</summary>
    public bool AlwaysTakesDefault { get; init; } = true;

    /// <summary>Which requests are counted (<c>filter_enabled</c>): none where it is not said.</summary>
    public FractionConfig Enabled { get; init; } = new(0, 100);

    /// <summary>Which of those are refused when there is no token (<c>filter_enforced</c>): none where it is not said.</summary>
    public FractionConfig Enforced { get; init; } = new(0, 100);

    /// <summary>What a refused request is answered.</summary>
    public int Status { get; init; } = DefaultStatus;

    /// <summary>What is added to that answer.</summary>
    public HeaderMutationsConfig ResponseHeaders { get; init; } = HeaderMutationsConfig.None;

    /// <summary>What is added to a request that there was no token for and that is not refused.</summary>
    public HeaderMutationsConfig UnenforcedRequestHeaders { get; init; } = HeaderMutationsConfig.None;

    /// <summary>Whether answers tell of the limit (<c>enable_x_ratelimit_headers</c>).</summary>
    public bool TellsLimits { get; init; }

    /// <summary>Whether a refused gRPC call ends with RESOURCE_EXHAUSTED in place of UNAVAILABLE.</summary>
    public bool IsResourceExhausted { get; init; }

    /// <summary>Which of the routes' limits count.</summary>
    public uint Stage { get; init; }

    public VirtualHostLimits VirtualHostLimits { get; init; }

    /// <summary>What requests are counted as, in place of what routes say (<c>rate_limits</c>); empty for what routes say.</summary>
    public ImmutableArray<RateLimitConfig> RateLimits { get; init; } = [];
}

/// <summary>Tokens, of which each request takes one (<c>envoy.type.v3.TokenBucket</c>). They come back evenly over the interval, not all at its end.</summary>
/// <param name="MaxTokens">How many there are at most, and at first.</param>
/// <param name="TokensPerFill">How many come back in an interval.</param>
/// <param name="FillInterval">At least 50 ms.</param>
internal sealed record TokenBucketConfig(uint MaxTokens, uint TokensPerFill, TimeSpan FillInterval)
{
    /// <summary>The least interval there may be.</summary>
    public static readonly TimeSpan MinFillInterval = TimeSpan.FromMilliseconds(50);
}

/// <summary>The tokens of requests that are counted as one thing.</summary>
/// <param name="Entries">All entries of their descriptor, in order.</param>
/// <param name="Bucket">The tokens.</param>
/// <param name="IsShadow">Whether its tokens are counted only: no request is refused for want of one.</param>
internal sealed record LocalDescriptorConfig(ImmutableArray<KeyValuePair<string, string>> Entries, TokenBucketConfig Bucket, bool IsShadow);
