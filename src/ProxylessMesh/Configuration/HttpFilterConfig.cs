using System.Collections.Immutable;

namespace ProxylessMesh.Configuration;

/// <summary>One HTTP filter of a listener, in the place where it stands.</summary>
/// <param name="Name">Its name, by which routes override it.</param>
/// <param name="TypeUrl">The full name of its configuration message.</param>
internal sealed record HttpFilterConfig(string Name, string TypeUrl)
{
    /// <summary>What it does; <see langword="null"/> for a filter that is known to have no effect in process.</summary>
    public FilterConfig? Config { get; init; }

    /// <summary>Whether it acts only where a route switches it on (<c>disabled</c>).</summary>
    public bool IsDisabled { get; init; }
}

/// <summary>What one filter does, or what it does on a part of the routes. One derived type for each kind of filter.</summary>
internal abstract record FilterConfig
{
    /// <summary>
    /// Tells two configurations apart: the digest of the message as it was delivered. What a filter has counted (tokens, requests under way)
    /// survives an update that leaves its configuration as it was.
    /// </summary>
    public required string Fingerprint { get; init; }
}

/// <summary>What a part of the routes says of one filter (<c>typed_per_filter_config</c>).</summary>
/// <param name="Config">What takes its place, or <see langword="null"/> to leave it.</param>
/// <param name="IsDisabled">Whether it does not act there (<c>FilterConfig.disabled</c>).</param>
internal sealed record FilterOverrideConfig(FilterConfig? Config, bool IsDisabled);

/// <summary>What a part of the routes says of the filters, by their names.</summary>
internal sealed record FilterOverridesConfig(ImmutableDictionary<string, FilterOverrideConfig> ByName)
{
    public static readonly FilterOverridesConfig None = new(ImmutableDictionary<string, FilterOverrideConfig>.Empty);

    public bool IsEmpty => ByName.IsEmpty;
}
